import { join } from 'node:path';
import { digestOf, hexOf, type Locks } from '../../../cache/index.ts';
import { type CheckedOut, checkOut, fetchCommit } from './checkout.ts';
import { commitDate } from './commit-date.ts';
import { type GitProgramOptions, gitProgram } from './program.ts';
import { type AuthHeader, type GitRequest, remoteOf } from './remote.ts';
import { type ResolvedGit, resolveGit, SHA256_DIGITS } from './resolve.ts';

export type { GitRequest } from './remote.ts';
export type { ResolvedGit } from './resolve.ts';

export interface GitOptions extends GitProgramOptions {
  readonly locks: Locks;
  /** Value of the Authorization header for a host that the URL names no user for. */
  readonly authHeader: AuthHeader;
  /** For the files of a commit; as many as the disk has room for when that is less. */
  readonly maxBytes?: number | undefined;
}

/** Repositories as sources of files. What was fetched is kept in bare repositories below `dir`, one a URL. */
export interface Git {
  /** Which commit a request means now. @throws BuildError git-failed, checksum-mismatch */
  resolve(request: GitRequest, options: { signal: AbortSignal }): Promise<ResolvedGit>;
  /** Writes the files to `dir`, which must not exist. @throws BuildError git-failed */
  checkout(
    request: GitRequest,
    found: ResolvedGit,
    options: { readonly dir: string; readonly signal: AbortSignal },
  ): Promise<CheckedOut>;
  /** When the commit was made that is checked out in a directory of this machine, in seconds; undefined when there is none. */
  dateOfDirectory(dir: string, options: { readonly signal: AbortSignal }): Promise<number | undefined>;
  /** The URL as it may be shown and kept: without a password. */
  urlOf(request: GitRequest): Promise<string>;
}

export function openGit(options: GitOptions): Git {
  const git = gitProgram(options);
  return {
    async resolve(request, { signal }) {
      const remote = await remoteOf(request, options.authHeader);
      return resolveGit(request, { git, remote, cwd: options.dir, signal });
    },
    urlOf: async (request) => (await remoteOf(request, () => Promise.resolve(undefined))).url,
    dateOfDirectory: (dir, { signal }) => commitDate('HEAD', { git, cwd: dir, signal }),
    async checkout(request, found, { dir, signal }) {
      const remote = await remoteOf(request, options.authHeader);
      const store = join(options.dir, storeName(remote.url, found));
      const lock = await options.locks.lock(`${store}.lock`, 'exclusive', { signal });
      try {
        const place = { git, store, dir, remote, signal, maxBytes: options.maxBytes };
        await fetchCommit(request, found, place);
        return await checkOut(request, found, place);
      } finally {
        lock.release();
      }
    },
  };
}

/** A URL's repository can be made anew with ids of the other length: a store holds those of one. */
function storeName(url: string, { commit }: ResolvedGit): string {
  return hexOf(digestOf(commit.length === SHA256_DIGITS ? `${url} sha256` : url));
}
