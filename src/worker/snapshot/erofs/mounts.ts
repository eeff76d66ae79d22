import { mkdirSync, rmdirSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { attachLoop, MS_NODEV, MS_NOSUID, MS_RDONLY, mount } from '../../../host/sys/index.ts';
import { BLOCK } from './format.ts';

/** How files become file systems: the kernel reads them itself (from 6.12 on), or through loop devices. */
export type MountWay = 'file' | 'loop';

export interface ImageFiles {
  readonly image: string;
  readonly tar: string;
}

export interface ImageMounts {
  /** @returns the directory that shows the image, for as long as the worker lives */
  mount(files: ImageFiles): string;
}

const FLAGS = MS_RDONLY | MS_NODEV | MS_NOSUID;

/** @param dir a directory of the worker's own, that exists */
export function openImageMounts(dir: string, way: MountWay): ImageMounts {
  let count = 0;
  return {
    mount(files) {
      const point = join(dir, `x${(count++).toString(36)}`);
      mkdirSync(point, 0o755);
      try {
        mountImage(files, { point, way });
      } catch (error) {
        rmdirSync(point);
        throw error;
      }
      return point;
    },
  };
}

/** @throws SysError */
export function mountImage(files: ImageFiles, { point, way }: { point: string; way: MountWay }): void {
  if (way === 'file') mountFiles(files, point);
  else mountLoops(files, point);
}

/** By short names in the working directory: options are cut at commas, which a path may hold. */
function mountFiles({ image, tar }: ImageFiles, point: string): void {
  const names = `${point}.names`;
  const before = process.cwd();
  mkdirSync(names);
  try {
    symlinkSync(image, join(names, 'image'));
    symlinkSync(tar, join(names, 'tar'));
    process.chdir(names);
    mount('image', point, 'erofs', FLAGS, 'device=tar');
  } finally {
    process.chdir(before);
    rmSync(names, { recursive: true, force: true });
  }
}

/** Each device goes when the mount goes. */
function mountLoops(files: ImageFiles, point: string): void {
  const image = attachLoop(files.image, BLOCK);
  try {
    const tar = attachLoop(files.tar, BLOCK);
    try {
      mount(image.path, point, 'erofs', FLAGS, `device=${tar.path}`);
    } finally {
      tar.close();
    }
  } finally {
    image.close();
  }
}
