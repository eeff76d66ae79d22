import type { BuildOptions } from '../build-options.ts';
import { BuildError } from '../errors.ts';
import { gitRequest, type RemoteDeps, remoteKind } from './remote-context.ts';
import type { Session } from './session.ts';
import { contextDirectory } from './source.ts';

/** When the commit of the main context was made; undefined for a context that is in no git repository. @throws BuildError git-failed */
export function contextDate(options: BuildOptions, remote: RemoteDeps): Promise<number | undefined> {
  const { context } = options;
  const { git, signal } = remote;
  const request = gitRequest(context, remote);
  if (request !== undefined) return git.date(request, { signal });
  if (context === '-' || remoteKind(context) !== undefined) return Promise.resolve(undefined);
  return git.dateOfDirectory(contextDirectory(options), { signal });
}

const EPOCH = 'SOURCE_DATE_EPOCH';

/**
 * --reproducible sets the epoch, unless one is given; SOURCE_DATE_EPOCH=context is that of a git context.
 * @throws BuildError epoch-unknown
 */
export async function withEpoch(options: BuildOptions, session: Pick<Session, 'commitDate'>): Promise<BuildOptions> {
  const given = options.buildArgs.get(EPOCH) ?? '';
  const isAsked = given === 'context' && remoteKind(options.context) === 'git';
  if (!isAsked && (given !== '' || options.isReproducible !== true)) return options;
  const date = await session.commitDate();
  if (date === undefined)
    throw new BuildError('epoch-unknown', `--reproducible: the build context ${options.context} has no git commit`, {
      hint: 'say what time it is to be: --build-arg SOURCE_DATE_EPOCH=SECONDS',
    });
  return { ...options, buildArgs: new Map([...options.buildArgs, [EPOCH, String(date)]]) };
}
