import type { BuildFlags } from './build-flags/parse.ts';
import { stderr } from './streams.ts';

/** Where no build is shown that would tell them. */
export function tellNotes({ notes }: Pick<BuildFlags, 'notes'>): void {
  for (const note of notes) stderr().write(`warning: ${note}\n`);
}
