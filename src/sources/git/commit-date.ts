import type { GitProgram } from './program.ts';

/**
 * The committer's date, in seconds. undefined outside of a repository, and for a name that is no commit. The commit is read as it
 * is stored: nothing that a repository's own configuration names is run.
 */
export async function commitDate(
  name: string,
  { git, cwd, signal }: { readonly git: GitProgram; readonly cwd: string; readonly signal: AbortSignal },
): Promise<number | undefined> {
  const { exitCode, stdout } = await git(['cat-file', 'commit', name], { signal, cwd, timeoutMs: LIMIT_MS });
  if (exitCode !== 0) return undefined;
  const [header = ''] = stdout.toString('latin1').split('\n\n', 1);
  const date = /^committer .*> (\d{1,12}) [+-]\d{4}$/m.exec(header)?.[1];
  return date === undefined ? undefined : Number(date);
}

const LIMIT_MS = 60_000;
