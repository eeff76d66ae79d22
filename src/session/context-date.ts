import { createReadStream } from 'node:fs';
import type { Digest } from '../../cache/index.ts';
import type { BuildOptions } from '../build-options.ts';
import { BuildError } from '../errors.ts';
import type { DateSource } from '../frontend/index.ts';
import { newestInTar } from '../sources/context/index.ts';
import { filter } from './filter.ts';
import { gitRequest, mainGitRequest, mainKind, type RemoteDeps, remoteKind, shownRemote } from './remote-context.ts';
import type { Session } from './session.ts';
import { contextDirectory } from './source.ts';

/** When the commit of the main context was made; undefined for a context that is in no git repository. @throws BuildError git-failed */
export function contextDate(options: BuildOptions, remote: RemoteDeps): Promise<number | undefined> {
  const { git, signal } = remote;
  const request = mainGitRequest(options, remote);
  if (request !== undefined) return git.date(request, { signal });
  if (options.context === '-' || mainKind(options) !== undefined) return Promise.resolve(undefined);
  return git.dateOfDirectory(contextDirectory(options), { signal });
}

const EPOCH = 'SOURCE_DATE_EPOCH';

/**
 * What SOURCE_DATE_EPOCH may name: a commit has a date, a URL its Last-Modified or that of the newest file in its archive;
 * directories, images and what comes on stdin have none.
 * @throws BuildError git-failed, http-failed
 */
export function dateOf(source: DateSource, options: BuildOptions, remote: RemoteDeps): Promise<number | undefined> {
  const { git, signal } = remote;
  if (source.kind === 'git') return git.date(source, { signal });
  if (source.kind === 'http') return dateOfUrl(source, remote);
  const isMain = source.name === '';
  const text = isMain ? options.context : (options.contexts.get(source.name) ?? '');
  const request = isMain ? mainGitRequest(options, remote) : gitRequest(text, remote);
  if (request !== undefined) return git.date(request, { signal });
  return (isMain ? mainKind(options) : remoteKind(text)) === 'http'
    ? dateOfUrl({ url: text }, remote)
    : Promise.resolve(undefined);
}

async function dateOfUrl(
  { url, checksum }: { readonly url: string; readonly checksum?: Digest | undefined },
  { fetchFile, signal }: RemoteDeps,
): Promise<number | undefined> {
  const { path, mtimeSec } = await fetchFile(url, { checksum, signal });
  return mtimeSec === 0 ? newestInTar(createReadStream(path), { signal, filter }) : mtimeSec;
}

/**
 * --reproducible sets the epoch, unless one is given.
 * @throws BuildError epoch-unknown
 */
export async function withEpoch(options: BuildOptions, session: Pick<Session, 'commitDate'>): Promise<BuildOptions> {
  const given = options.buildArgs.get(EPOCH) ?? '';
  if (given !== '' || options.isReproducible !== true) return options;
  const date = await session.commitDate();
  if (date === undefined)
    throw new BuildError(
      'epoch-unknown',
      `--reproducible: the build context ${shownRemote(options.context)} has no git commit`,
      {
        hint: 'say what time it is to be: --build-arg SOURCE_DATE_EPOCH=SECONDS',
      },
    );
  return { ...options, buildArgs: new Map([...options.buildArgs, [EPOCH, String(date)]]) };
}
