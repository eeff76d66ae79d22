import { existsSync, statfsSync } from 'node:fs';
import type { BuildOptions } from '../build-options.ts';
import { BuildError } from '../errors.ts';
import { requireProgram, requireRuntime } from '../host/process/index.ts';
import { namespaceObstacle, type Obstacle } from '../host/sys/index.ts';

const MIN_FREE_BYTES = 100 * 1024 * 1024;

/** To be asked before the first step. @throws BuildError disk-full */
export function assertDisk(rootDir: string): void {
  const { bavail, bsize } = statfsSync(rootDir);
  const free = bavail * bsize;
  if (free >= MIN_FREE_BYTES) return;
  throw new BuildError('disk-full', `only ${Math.floor(free / 1024 / 1024)} MiB are free below ${rootDir}`, {
    hint: 'free some space, or give another --root',
  });
}

/**
 * What a RUN needs of the machine, as far as it can be told without starting anything; mounts are the worker's to try. To be asked
 * when one has missed, before anything is brought for it: what is cached needs none of this.
 * @throws BuildError runtime-missing, setup-missing, sandbox-unavailable
 */
export function assertCanRun(
  options: Pick<BuildOptions, 'runtime' | 'workerEnv' | 'workerScript'>,
  obstacle: Obstacle | undefined = namespaceObstacle(),
): void {
  const { runtime = 'runc', workerScript } = options;
  const searchPath = options.workerEnv['PATH'] ?? '';
  requireRuntime(runtime, searchPath);
  for (const program of ['unshare', 'setpriv']) requireProgram(program, { searchPath, debianPackage: 'util-linux' });
  if (!existsSync(workerScript))
    throw new BuildError('setup-missing', `a part of tsbuild is missing: ${workerScript}`, {
      hint: 'install tsbuild again',
    });
  if (obstacle?.isCertain === true)
    throw new BuildError('sandbox-unavailable', obstacle.message, { hint: obstacle.hint });
}
