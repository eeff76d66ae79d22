import type { ProcessResult } from '../../host/process/index.ts';
import type { GitCall, GitProgram } from './program.ts';

/** Runs git with `--depth=1` among its arguments; once more with all of the history where git says that the server gives no part of it. */
export async function shallowly(git: GitProgram, args: readonly string[], call: GitCall): Promise<ProcessResult> {
  const result = await git(args, call);
  if (result.exitCode === 0 || !/--depth|shallow/.test(result.stderr.toString('latin1'))) return result;
  const deep = args.filter((arg) => arg !== '--depth=1');
  return deep.length === args.length ? result : git(deep, call);
}
