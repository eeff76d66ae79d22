import { BuildError } from '../../errors.ts';
import type { ProcessResult } from '../../host/process/index.ts';
import { type KeptRefs, keptRefs } from './kept-refs.ts';
import type { GitProgram } from './program.ts';
import { type GitRequest, type Remote, shownRemote } from './remote.ts';

export interface ResolvedGit extends KeptRefs {
  /** The commit's full id. */
  readonly commit: string;
  /** The full name of the ref that has it; undefined when the commit itself was named. */
  readonly refName: string | undefined;
}

const FULL_ID = /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/;
/** Of a commit's id in a repository that has no SHA-1 ids. */
export const SHA256_DIGITS = 64;
const LIST_LIMIT_MS = 120_000;

/**
 * The commit of a ref, or of the default branch: asked of the remote each time, for a ref can move; a full commit id is taken
 * as it is. A branch wins over a tag of its name, as with git checkout.
 * @throws BuildError git-failed, checksum-mismatch
 */
export async function resolveGit(
  request: GitRequest,
  { git, remote, cwd, signal }: { git: GitProgram; remote: Remote; cwd: string; signal: AbortSignal },
): Promise<ResolvedGit> {
  const { ref, checksum = '' } = request;
  if (request.fetchByCommit === true)
    return { commit: fullId(checksum), refName: undefined, ...keptRefs(request, { listed: '' }) };
  if (ref !== undefined && FULL_ID.test(ref))
    return checked({ commit: ref, refName: undefined, refs: [] }, [ref], request);
  const patterns = ref === undefined ? ['HEAD'] : [ref, `${ref}^{}`];
  const listed = await git(['ls-remote', '--symref', '--', remote.url, ...patterns], {
    signal,
    cwd,
    auth: remote.auth,
    timeoutMs: LIST_LIMIT_MS,
  });
  if (listed.exitCode !== 0) throw gitFailed(request.url, listed);
  const found = namedIn(listed.stdout.toString('utf8'), request);
  if (found !== undefined) return found;
  throw new BuildError('git-failed', `${shownRemote(request.url)} has no ref ${ref ?? 'HEAD'}`, {
    hint: 'name a branch, a tag or a full commit id that the repository has',
  });
}

/** @param listed the answer of `ls-remote --symref` */
function namedIn(listed: string, request: GitRequest): ResolvedGit | undefined {
  const ids = parseList(listed);
  for (const refName of candidates(request.ref)) {
    const named = ids.get(refName);
    if (named === undefined) continue;
    const commit = ids.get(`${refName}^{}`) ?? named;
    const tag = named === commit ? undefined : named;
    return checked({ commit, refName, ...keptRefs(request, { tag, listed }) }, [commit, named], request);
  }
  return undefined;
}

function fullId(checksum: string): string {
  if (FULL_ID.test(checksum.toLowerCase())) return checksum.toLowerCase();
  throw new BuildError('copy-invalid', `${JSON.stringify(checksum)} is not the full id of a commit`, {
    hint: 'fetch-by-commit needs all 40 or 64 hex digits of it',
  });
}

function candidates(ref: string | undefined): string[] {
  if (ref === undefined) return ['HEAD'];
  const short = ref.replace(/^refs\//, '');
  return [
    `refs/${short}`,
    `refs/heads/${ref.replace(/^refs\/heads\//, '')}`,
    `refs/tags/${ref.replace(/^refs\/tags\//, '')}`,
    ...(ref === 'HEAD' ? ['HEAD'] : []),
  ];
}

function parseList(text: string): Map<string, string> {
  const ids = new Map<string, string>();
  for (const line of text.split('\n')) {
    const [id = '', name] = line.split('\t');
    if (name !== undefined && FULL_ID.test(id)) ids.set(name, id);
  }
  return ids;
}

/** @param ids the commit's, and that of the annotated tag that names it */
function checked(found: ResolvedGit, ids: readonly string[], { checksum, url }: GitRequest): ResolvedGit {
  if (checksum === undefined) return found;
  if (!/^[0-9a-f]+$/i.test(checksum))
    throw new BuildError('copy-invalid', `invalid checksum ${JSON.stringify(checksum)}: expected hex commit hash`, {
      hint: 'write the commit id, or hex digits that it begins with',
    });
  if (ids.some((id) => id.startsWith(checksum))) return found;
  throw new BuildError(
    'checksum-mismatch',
    `expected checksum to match ${checksum}, got ${found.commit}: ${shownRemote(url)}`,
    { hint: 'if the new commit is the right one, change the checksum to it' },
  );
}

/** Git's own last words; credentials are never among them, for git is not told any in a URL. */
export function gitFailed(url: string, { stderr, exitCode }: ProcessResult): BuildError {
  const said = stderr
    .toString('utf8')
    .split('\n')
    .map((line) => line.trim().slice(0, 300))
    .filter((line) => line !== '')
    .slice(-4)
    .join('; ');
  return new BuildError('git-failed', `${shownRemote(url)}: ${said === '' ? `git exited with ${exitCode}` : said}`, {
    hint: /Authentication|could not read Username|Permission denied|401|403/i.test(said)
      ? 'give --secret id=GIT_AUTH_TOKEN,… for https, or --ssh default for ssh'
      : 'check the URL, the ref and the network',
  });
}
