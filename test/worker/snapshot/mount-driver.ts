import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { umount } from '../../../src/host/sys/index.ts';
import type { TocEntry } from '../../../src/image/toc/index.ts';
import type { RelPath } from '../../../src/util/rel-path.ts';
import { erofsImage } from '../../../src/worker/snapshot/erofs/image.ts';
import { InodeTreeMaker } from '../../../src/worker/snapshot/erofs/inodes.ts';
import { type MountWay, mountImage } from '../../../src/worker/snapshot/erofs/mounts.ts';

// Run in a mount namespace of its own: mounts one image and says what it shows.
const { dir, way } = JSON.parse(process.argv[2] ?? '') as { dir: string; way: MountWay };
const files = { image: join(dir, 'image'), tar: join(dir, 'tar,with=comma') };
const tar = Buffer.alloc(4096);
tar.write('content', 512);
writeFileSync(files.tar, tar);
const entry: TocEntry = {
  ...{ path: 'f' as RelPath, type: 'file', mode: 0o644, uid: 1, gid: 2, size: 7, mtimeSec: 3, mtimeNsec: 4 },
  ...{ link: '', devMajor: 0, devMinor: 0, xattrs: new Map(), offset: 512 },
};
const maker = new InodeTreeMaker('trusted.overlay.opaque');
maker.add(entry);
writeFileSync(files.image, erofsImage(maker.finish(), { tarBytes: tar.length, uuid: Buffer.alloc(16) }));
const point = join(dir, 'point');
mkdirSync(point);
mountImage(files, { point, way });
const content = readFileSync(join(point, 'f'), 'utf8');
const during = loops();
umount(point);
process.stdout.write(JSON.stringify({ content, during, after: loops() }));

/** Loop devices of ours. */
function loops(): number {
  return readdirSync('/sys/block').filter((name) => {
    try {
      return readFileSync(`/sys/block/${name}/loop/backing_file`, 'utf8').startsWith(dir);
    } catch {
      return false;
    }
  }).length;
}
