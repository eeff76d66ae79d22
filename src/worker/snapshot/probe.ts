import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { BuildError } from '../../errors.ts';
import { MNT_DETACH, mknod, mount, umount } from '../../host/sys/index.ts';
import { overlayOptions } from './overlay.ts';

export interface OverlaySupport {
  readonly isVolatile: boolean;
}

export interface ProbeOptions {
  /** An empty place on the root's file system; removed afterwards. */
  readonly temp: string;
  /** A directory of the worker's own tmpfs. */
  readonly runDir: string;
  readonly isUserNamespace: boolean;
}

/**
 * Tries what every RUN needs on this root: an overlay with its upper there, and a removal in it.
 * @throws BuildError overlay-refused
 */
export function probeOverlay({ temp, runDir, isUserNamespace }: ProbeOptions): OverlaySupport {
  const point = join(runDir, 'probe');
  mkdirSync(point, { recursive: true });
  const attempt = (isVolatile: boolean): Error | undefined => {
    const dir = `${temp}-${isVolatile ? 'v' : 'n'}`;
    try {
      tryOverlay({ dir, point, options: overlayOptions({ isUserNamespace, isVolatile }) });
      return undefined;
    } catch (error) {
      return error as Error;
    } finally {
      rmSync(dir, { recursive: true, force: true });
    }
  };
  const first = attempt(true);
  const second = first === undefined ? undefined : attempt(false);
  if (second === undefined) return { isVolatile: first === undefined };
  throw new BuildError('overlay-refused', `overlayfs cannot be mounted on the state directory: ${second.message}`, {
    hint: 'put the state directory on ext4, xfs or btrfs with --root DIR; in a container, on a volume',
    cause: second,
  });
}

function tryOverlay({ dir, point, options }: { dir: string; point: string; options: string }): void {
  const [lower, upper, work] = ['l', 'u', 'w'].map((name) => join(dir, name)) as [string, string, string];
  for (const one of [dir, lower, upper, work]) mkdirSync(one);
  writeFileSync(join(lower, 'file'), '');
  mknod(join(upper, 'gone'), 'character', 0, 0, 0);
  // Relative names, as in earnest: the root's own path may hold a comma.
  const before = process.cwd();
  process.chdir(dir);
  try {
    mount('overlay', point, 'overlay', 0, `lowerdir=l,upperdir=u,workdir=w,${options}`);
  } finally {
    process.chdir(before);
  }
  try {
    rmSync(join(point, 'file'));
  } finally {
    umount(point, MNT_DETACH);
  }
}
