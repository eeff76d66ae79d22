import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { release } from 'node:os';
import { join } from 'node:path';
import { MNT_DETACH, mount, umount } from '../../../host/sys/index.ts';
import { BARE } from '../../../image/archive/index.ts';
import type { TocEntry } from '../../../image/toc/index.ts';
import type { RelPath } from '../../../util/rel-path.ts';
import { BLOCK } from './format.ts';
import { erofsImage } from './image.ts';
import { InodeTreeMaker } from './inodes.ts';
import { type MountWay, mountImage } from './mounts.ts';

export type ErofsSupport = { readonly way: MountWay } | { readonly obstacle: string };

export interface ErofsProbe {
  /** A new name on the root's file system; removed afterwards. */
  readonly temp: string;
  /** A directory of the worker's own tmpfs. */
  readonly runDir: string;
  readonly isUserNamespace: boolean;
  readonly overlayOptions: string;
}

/** Tries a small image on the root's file system, as a lower of an overlay. */
export function probeErofs(probe: ErofsProbe): ErofsSupport {
  if (probe.isUserNamespace) return { obstacle: 'EROFS cannot be mounted in a user namespace' };
  const problems: string[] = [];
  for (const way of ['file', 'loop'] as const) {
    try {
      tryWay(way, probe);
      return { way };
    } catch (error) {
      problems.push((error as Error).message);
    } finally {
      rmSync(probe.temp, { recursive: true, force: true });
    }
  }
  const isKnown = /\berofs$/m.test(readFileSync('/proc/filesystems', 'utf8'));
  return { obstacle: isKnown ? problems.join('; ') : `the kernel ${release()} has no EROFS` };
}

const CONTENT = 'a layer';

function tryWay(way: MountWay, { temp, runDir, overlayOptions }: ErofsProbe): void {
  mkdirSync(temp, { mode: 0o700 });
  const files = { image: join(temp, 'image'), tar: join(temp, 'tar') };
  const tar = Buffer.alloc(2 * BLOCK);
  tar.write(CONTENT, BLOCK);
  writeFileSync(files.tar, tar);
  const entry: TocEntry = {
    ...BARE,
    path: 'file' as RelPath,
    type: 'file',
    mode: 0o644,
    size: CONTENT.length,
    mtimeSec: 1,
    mtimeNsec: 1,
    offset: BLOCK,
  };
  const tree = new InodeTreeMaker('trusted.overlay.opaque');
  tree.add(entry);
  writeFileSync(files.image, erofsImage(tree.finish(), { tarBytes: tar.length, uuid: Buffer.alloc(16, 1) }));
  const point = join(runDir, LOWER);
  for (const name of [LOWER, EMPTY, OVER]) mkdirSync(join(runDir, name), { recursive: true });
  mountImage(files, { point, way });
  try {
    readOverlaid(runDir, overlayOptions);
  } finally {
    umount(point, MNT_DETACH);
  }
}

const LOWER = 'probe-erofs';
const EMPTY = 'probe-empty';
const OVER = 'probe-over';

function readOverlaid(runDir: string, options: string): void {
  const over = join(runDir, OVER);
  const before = process.cwd();
  process.chdir(runDir);
  try {
    mount('overlay', over, 'overlay', 0, `lowerdir=${LOWER}:${EMPTY},${options}`);
  } finally {
    process.chdir(before);
  }
  try {
    if (readFileSync(join(over, 'file'), 'utf8') !== CONTENT) throw new Error('an EROFS file reads as something else');
  } finally {
    umount(over, MNT_DETACH);
  }
}
