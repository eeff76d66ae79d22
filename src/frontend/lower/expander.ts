import { BuildError, type SourceRange } from '../../errors.ts';
import type { BuildEnv, Expander } from '../config/index.ts';
import { expandRaw, expandWord, expandWords } from '../expand/index.ts';

export type Escape = '\\' | '`';

export interface RecordingExpander extends Expander {
  /** A heredoc body: quotes stay, the escape character is always the backslash. */
  raw(text: string, range: SourceRange): string;
  /** The variables that were looked up so far. */
  readonly used: ReadonlySet<string>;
  /** Those of them that are not set. */
  readonly unset: ReadonlySet<string>;
}

/** Expansion in one environment. Errors are located; what was looked up is remembered, to explain a miss. */
export function makeExpander(env: BuildEnv, escapeToken: Escape): RecordingExpander {
  const used = new Set<string>();
  const unset = new Set<string>();
  const look = (name: string): string | undefined => {
    used.add(name);
    const value = env.get(name);
    if (value === undefined) unset.add(name);
    return value;
  };
  return {
    used,
    unset,
    word: (text, range) => located(range, () => expandWord(text, { env: look, escape: escapeToken })),
    words: (text, range) => located(range, () => expandWords(text, { env: look, escape: escapeToken })),
    raw: (text, range) => located(range, () => expandRaw(text, { env: look, escape: '\\' })),
  };
}

export function located<T>(range: SourceRange | undefined, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw error instanceof BuildError ? error.at(range) : error;
  }
}
