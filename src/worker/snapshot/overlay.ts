import { mkdirSync, rmdirSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { isErrno } from '../../host/fs/index.ts';
import { MNT_DETACH, MS_NODEV, mount, umount } from '../../host/sys/index.ts';

export interface OverlayRequest {
  /** Directories, bottom to top, none twice. */
  readonly lowers: readonly string[];
  /** Both empty, on one file system, which is the lowers' too; absent for a read-only view. */
  readonly upper?: { readonly dir: string; readonly work: string } | undefined;
  readonly opensDevices?: boolean | undefined;
}

export interface MountedOverlay {
  readonly path: string;
  /** More than once is fine. */
  unmount(): void;
}

export interface Overlays {
  /** `trusted.overlay.opaque`, or its form in a user namespace. */
  readonly opaqueXattr: string;
  mount(request: OverlayRequest): MountedOverlay;
}

export interface OverlayOptions {
  /** A directory of the worker's own tmpfs. */
  readonly dir: string;
  readonly isUserNamespace: boolean;
  /** An unmount does not write the file system out; kernels before 5.10 do not know it. */
  readonly isVolatile: boolean;
}

/** The layout of a layer is what its tar says: nothing that only this kernel or this mount would understand. */
const FIXED = 'index=off,metacopy=off,redirect_dir=nofollow,xino=off';

export function overlayOptions({
  isUserNamespace,
  isVolatile,
}: {
  isUserNamespace: boolean;
  isVolatile: boolean;
}): string {
  return `${FIXED}${isUserNamespace ? ',userxattr' : ''}${isVolatile ? ',volatile' : ''}`;
}

/**
 * Mounts overlays. All directories are given to the kernel as names of a few characters, relative to the working directory, which this
 * takes for itself: 127 layers fit in the page that options may fill, and no path needs quoting.
 */
export function openOverlays({ dir, isUserNamespace, isVolatile }: OverlayOptions): Overlays {
  const links = join(dir, 'l');
  const points = join(dir, 'm');
  const empties = ['e1', 'e2'].map((name) => join(dir, name));
  for (const one of [links, points, ...empties]) mkdirSync(one, { mode: 0o755 });
  process.chdir(links);
  const names = new Map<string, string>();
  let count = 0;
  const nameOf = (target: string): string => {
    const known = names.get(target);
    if (known !== undefined) return known;
    const name = (count++).toString(36);
    symlinkSync(target, join(links, name));
    names.set(target, name);
    return name;
  };
  const forget = (target: string): void => {
    const name = names.get(target);
    if (name !== undefined) rmSync(join(links, name), { force: true });
    names.delete(target);
  };
  return {
    opaqueXattr: `${isUserNamespace ? 'user' : 'trusted'}.overlay.opaque`,
    mount({ lowers, upper, opensDevices }) {
      const least = upper === undefined ? 2 : 1;
      const fill = empties.slice(0, Math.max(0, least - lowers.length));
      const stack = [...fill, ...lowers].reverse().map(nameOf);
      const own = overlayOptions({ isUserNamespace, isVolatile: isVolatile && upper !== undefined });
      const options = [`lowerdir=${stack.join(':')}`, own];
      if (upper !== undefined) options.push(`upperdir=${nameOf(upper.dir)},workdir=${nameOf(upper.work)}`);
      const path = join(points, (count++).toString(36));
      mkdirSync(path, 0o755);
      try {
        mount('overlay', path, 'overlay', opensDevices === true ? 0 : MS_NODEV, options.join(','));
      } catch (error) {
        rmdirSync(path);
        throw error;
      } finally {
        for (const one of upper === undefined ? [] : [upper.dir, upper.work]) forget(one);
      }
      return mounted(path);
    },
  };
}

function mounted(path: string): MountedOverlay {
  let isMounted = true;
  return {
    path,
    unmount() {
      if (!isMounted) return;
      isMounted = false;
      try {
        umount(path);
      } catch (error) {
        if (!isErrno(error, 'EBUSY')) throw error;
        umount(path, MNT_DETACH);
      }
      rmdirSync(path);
    },
  };
}
