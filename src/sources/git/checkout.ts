import { lstatSync, mkdirSync, readdirSync, rmSync, statfsSync } from 'node:fs';
import { join } from 'node:path';
import { BuildError } from '../../errors.ts';
import { anySignal } from '../../util/any-signal.ts';
import { commitDate } from './commit-date.ts';
import type { GitCall, GitProgram } from './program.ts';
import { type GitRequest, type Remote, shownRemote } from './remote.ts';
import { gitFailed, type ResolvedGit, SHA256_DIGITS } from './resolve.ts';
import { shallowly } from './shallowly.ts';
import { removeStaleLocks } from './stale-locks.ts';

export interface CheckoutOptions {
  readonly git: GitProgram;
  /** The bare repository of this URL. */
  readonly store: string;
  /** A directory that does not exist yet. */
  readonly dir: string;
  readonly remote: Remote;
  readonly signal: AbortSignal;
  readonly maxBytes?: number | undefined;
}

export interface CheckedOut {
  /** The directory that was asked for: the top, or what is below it. */
  readonly dir: string;
  /** When the commit was made, by its committer. */
  readonly committedSec: number;
}

/**
 * Brings a commit into the bare repository, with as little history as the server lets us. The caller holds its lock.
 * @throws BuildError git-failed
 */
export async function fetchCommit(request: GitRequest, found: ResolvedGit, options: CheckoutOptions): Promise<void> {
  const { git, store, remote, signal } = options;
  const call: GitCall = { signal, cwd: store, auth: remote.auth };
  mkdirSync(store, { recursive: true, mode: 0o700 });
  removeStaleLocks(store);
  await must(request.url, git(['init', '--quiet', '--bare', ...formatOf(found), '--', '.'], call));
  if (await has(found, git, call)) return;
  const names = [found.refName, found.tag, found.commit].flatMap((name) => (name === undefined ? [] : [name]));
  const attempts = [
    ...names.map((name) => ['--depth=1', '--no-tags', '--', remote.url, name]),
    // servers that give no commit by its id
    ['--tags', '--', remote.url, '+refs/heads/*:refs/remotes/all/*'],
  ];
  let last: Awaited<ReturnType<GitProgram>> | undefined;
  for (const attempt of attempts) {
    last = await shallowly(
      git,
      ['fetch', '--quiet', '--force', '--no-recurse-submodules', '--no-write-fetch-head', ...attempt],
      call,
    );
    if (last.exitCode === 0 && (await has(found, git, call))) return;
  }
  if (last !== undefined && last.exitCode !== 0) throw gitFailed(request.url, last);
  throw new BuildError('git-failed', `${shownRemote(request.url)} has no commit ${found.commit}`, {
    hint: 'name a commit that a branch or tag of the repository has',
  });
}

/** Whether the store has what is wanted: that gets a name there, so that a checkout can take it. */
async function has({ commit, tag }: ResolvedGit, git: GitProgram, call: GitCall): Promise<boolean> {
  const isHere = async (object: string, name: string) =>
    (await git(['cat-file', '-e', object], call)).exitCode === 0 &&
    (await git(['update-ref', name, object], call)).exitCode === 0;
  return (
    (await isHere(`${commit}^{commit}`, storedAs(commit))) &&
    (tag === undefined || (await isHere(`${tag}^{tag}`, storedTagAs(tag))))
  );
}

function storedAs(commit: string): string {
  return `refs/heads/tsbuild-${commit}`;
}

function storedTagAs(tag: string): string {
  return `refs/tags/tsbuild-${tag}`;
}

/** Git's own choice, which every version knows, but for SHA-256. */
function formatOf({ commit }: ResolvedGit): readonly string[] {
  return commit.length === SHA256_DIGITS ? ['--object-format=sha256'] : [];
}

/**
 * Writes a commit's files, with submodules, to `dir`.
 * @throws BuildError git-failed
 */
export async function checkOut(request: GitRequest, found: ResolvedGit, options: CheckoutOptions): Promise<CheckedOut> {
  const { commit } = found;
  const { git, store, dir, remote, signal } = options;
  const call: GitCall = { signal, cwd: dir, auth: remote.auth };
  const act = (args: readonly string[], env?: GitCall['env']) => must(request.url, git(args, { ...call, env }));
  await assertRoom(commit, options, request.url);
  mkdirSync(dir, { mode: 0o755 });
  await act(['init', '--quiet', ...formatOf(found), '--', '.']);
  await act(
    [
      'fetch',
      '--quiet',
      '--depth=1',
      '--no-tags',
      '--no-write-fetch-head',
      '--update-head-ok',
      '--',
      store,
      ...refspecs(found),
    ],
    {
      GIT_ALLOW_PROTOCOL: 'file',
    },
  );
  await act(['remote', 'add', '--', 'origin', remote.url]);
  await act(['checkout', '--quiet', '--force', '--detach', commit]);
  if (request.submodules !== false && isFile(join(dir, '.gitmodules')))
    await withRoom(request.url, options, (guarded) => shallowly(git, SUBMODULES, { ...call, signal: guarded }));
  const wanted = below(dir, request);
  // as BuildKit has it: a part of a repository is none
  if (request.keepGitDir !== true || wanted !== dir) removeGitFiles(Buffer.from(wanted));
  else if (found.refs.length === 0) await act(['update-ref', '-d', PASSING]);
  return { dir: wanted, committedSec: (await commitDate(commit, { git, cwd: store, signal })) ?? 0 };
}

const SUBMODULES = ['submodule', '--quiet', 'update', '--init', '--recursive', '--depth=1'];

/** Where a commit that no ref is asked for arrives. */
const PASSING = 'refs/tsbuild';

function refspecs({ commit, tag, refs }: ResolvedGit): readonly string[] {
  const from = tag === undefined ? storedAs(commit) : storedTagAs(tag);
  return (refs.length === 0 ? [PASSING] : refs).map((name) => `${from}:${name}`);
}

const MOST_ENTRIES_BYTES = 256 * 1024 * 1024;
const RESERVE_BYTES = 1e9;

/** Sums up the tree before a byte of it is written: trees that share subtrees can be huge from a few kilobytes. */
async function assertRoom(
  commit: string,
  { git, store, signal, maxBytes = Number.POSITIVE_INFINITY }: CheckoutOptions,
  url: string,
): Promise<void> {
  const listed = await git(['ls-tree', '-r', '-l', '-z', '--full-tree', commit], {
    signal,
    cwd: store,
    timeoutMs: 300_000,
  });
  if (listed.exitCode !== 0) throw gitFailed(url, listed);
  let size = 0;
  for (const line of listed.stdout.toString('latin1').split('\0'))
    size += Number(/^\d+ blob \w+ +(\d+)\t/.exec(line)?.[1] ?? 0);
  if (size <= maxBytes && size <= roomBelow(store) && listed.stdout.length <= MOST_ENTRIES_BYTES) return;
  throw tooLarge(`the files of ${commit}`, url);
}

const LOOK_EVERY_MS = 250;

/** What submodules hold is known when they are written only: they are stopped when the room gets short. */
async function withRoom(
  url: string,
  { store, signal }: CheckoutOptions,
  act: (signal: AbortSignal) => ReturnType<GitProgram>,
): Promise<void> {
  const full = new AbortController();
  const watch = setInterval(() => {
    if (roomBelow(store) === 0) full.abort();
  }, LOOK_EVERY_MS);
  try {
    await must(url, act(anySignal([signal, full.signal])));
  } catch (error) {
    signal.throwIfAborted();
    throw full.signal.aborted ? tooLarge('its submodules', url) : error;
  } finally {
    clearInterval(watch);
  }
}

function roomBelow(store: string): number {
  const { bavail, bsize } = statfsSync(store);
  return Math.max(0, bavail * bsize - RESERVE_BYTES);
}

function tooLarge(what: string, url: string): BuildError {
  return new BuildError('git-failed', `${shownRemote(url)}: ${what} are larger than the free disk allows`, {
    hint: 'free some space, or give another --root',
  });
}

/** A symlink on the way is refused: it could lead out of the repository. */
function below(dir: string, { subdir = '', url }: GitRequest): string {
  let at = dir;
  for (const part of subdir.split('/')) {
    if (part === '' || part === '.') continue;
    const next = join(at, part);
    const isDirectory =
      part !== '..' && part !== '.git' && lstatSync(next, { throwIfNoEntry: false })?.isDirectory() === true;
    if (!isDirectory)
      throw new BuildError('git-failed', `${shownRemote(url)} has no directory ${JSON.stringify(subdir)}`, {
        hint: 'name a directory of the repository; links and .. are not followed',
      });
    at = next;
  }
  return at;
}

/** Git lets no repository have a path `.git` of its own: these are what checkout and submodules made. */
function removeGitFiles(dir: Buffer): void {
  for (const entry of readdirSync(dir, { withFileTypes: true, encoding: 'buffer' })) {
    const path = Buffer.concat([dir, Buffer.from('/'), entry.name]);
    if (entry.name.toString('latin1') === '.git') rmSync(path, { recursive: true, force: true });
    else if (entry.isDirectory()) removeGitFiles(path);
  }
}

function isFile(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false })?.isFile() === true;
}

async function must(url: string, running: ReturnType<GitProgram>): Promise<void> {
  const result = await running;
  if (result.exitCode !== 0) throw gitFailed(url, result);
}
