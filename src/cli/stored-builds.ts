import { type BuildReader, openRootReader, type RootReader } from '../../cache/index.ts';
import { BuildError } from '../errors.ts';
import { asStoredBuild, type StoredBuild } from '../progress/index.ts';
import type { CliContext } from './context.ts';
import { rootToRead } from './environment.ts';

/** The root of a command that only looks. @throws BuildError root-unusable */
export function openReader(rootFlag: string | undefined, context: CliContext): RootReader {
  return openRootReader(rootToRead(rootFlag, context));
}

/** By its ID or a beginning of it; the latest without one. @throws BuildError build-unknown */
export function findBuild(builds: BuildReader, id: string | undefined): StoredBuild {
  if (id === undefined) return latestBuild(builds);
  const found = builds.find(id);
  const shown = JSON.stringify(id);
  if (found.length > 1)
    throw new BuildError('build-unknown', `${shown} begins the names of ${found.length} builds`, {
      hint: `they are ${found.slice(0, MAX_NAMED).join(', ')}${found.length > MAX_NAMED ? ', …' : ''}`,
    });
  const build = asStoredBuild(builds.get(found[0] ?? ''));
  if (build === undefined)
    throw new BuildError('build-unknown', `no build is called ${shown}`, {
      hint: 'tsbuild history lists the builds that are remembered',
    });
  return build;
}

const MAX_NAMED = 4;

function latestBuild(builds: BuildReader): StoredBuild {
  for (const build of readable(builds)) return build;
  throw new BuildError('build-unknown', 'no build is remembered', {
    hint: 'build something first, or name the state directory of the builds with --root',
  });
}

/** Newest first, one at a time. */
export function* readable(builds: BuildReader): Generator<StoredBuild> {
  for (const id of builds.ids()) {
    const build = asStoredBuild(builds.get(id));
    if (build !== undefined) yield build;
  }
}
