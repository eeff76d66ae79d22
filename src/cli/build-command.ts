import { parseBuildFlags } from './build-flags/parse.ts';
import { parseCall } from './call/parse-call.ts';
import type { CliContext } from './context.ts';
import { tellNotes } from './notes.ts';

/** `tsbuild [build] …`. What builds is loaded once the words are understood: help comes without it. */
export async function buildCommand(argv: readonly string[], context: CliContext): Promise<number> {
  const flags = parseBuildFlags(argv);
  const call = parseCall(flags);
  if (call !== undefined) {
    tellNotes(flags);
    const { callCommand } = await import('./call/call-command.ts');
    return callCommand(call, flags, context);
  }
  const { runBuild } = await import('./run-build.ts');
  return runBuild(flags, context);
}
