import { createHash } from 'node:crypto';
import { lstatSync, readdirSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { openLayerStore } from '../../../cache/index.ts';
import { lgetxattr, llistxattr, mount } from '../../../src/host/sys/index.ts';
import { openToc } from '../../../src/image/toc/index.ts';
import { hostPath, joinRel, type RelPath, TOP } from '../../../src/util/rel-path.ts';
import { openSnapshots } from '../../../src/worker/snapshot/index.ts';
import { describe, makeRoot, writeTestLayer } from '../rig.ts';
import { applyChanges, changes } from './changes.ts';
import { stack } from './generated.ts';

// Run in a mount namespace of its own: makes the same stacks whatever the maker, and writes what each shows and becomes.
interface Order {
  readonly dir: string;
  readonly lower: 'erofs' | 'directory' | 'copy';
  readonly seed: number;
  readonly count: number;
}

/** What one stack shows, and what came of changing it. */
export interface Shown {
  readonly files: readonly string[];
  /** Names of one inode, where the maker keeps them together. */
  readonly links: readonly string[];
  readonly steps: readonly string[];
  readonly layer: string;
  readonly entries: readonly string[];
}

const { dir, lower, seed, count } = JSON.parse(process.argv[2] ?? '') as Order;
const { signal } = new AbortController();
process.umask(0);
const root = join(dir, 'root');
makeRoot(root);
const runDir = join(root, 'run');
mount('tmpfs', runDir, 'tmpfs', 0, 'mode=0700');
let temps = 0;
const tempPath = (purpose: string): string => join(root, 'tmp', `${++temps}-${purpose}`);
const layers = openLayerStore(root, { tempPath });
const snapshots = openSnapshots({
  ...{ layers, tempPath, runDir, lower, isSquashed: false, isUserNamespace: false },
  warn: () => undefined,
});
const shown: Shown[] = [];
for (const [layersOf, program] of fc.sample(fc.tuple(stack, changes), { seed, numRuns: count })) {
  const diffIDs = layersOf.map((described) => writeTestLayer(root, described));
  await using snapshot = await snapshots.prepare(diffIDs, { points: [], signal });
  const top = snapshot.rootfs;
  const paths = pathsOf(top);
  const files = paths.map((path) => fileText(top, path));
  const links = linksOf(top, paths);
  const steps = applyChanges(top, program, () => pathsOf(top));
  const { contentID, diffID } = await snapshot.commit({ signal });
  const entries = [...openToc(layers.tocPath(diffID)).entries()].map(describe);
  shown.push({ files, links, steps, layer: contentID, entries });
}
await snapshots[Symbol.asyncDispose]();
const images = readdirSync(join(root, 'layers/v1'), { recursive: true, encoding: 'utf8' }).filter((name) =>
  /\/erofs/.test(name),
);
writeFileSync(join(dir, 'shown.json'), JSON.stringify({ lowers: snapshots.lowers, images: images.length, shown }));

function pathsOf(top: string): RelPath[] {
  const found: RelPath[] = [TOP];
  for (const path of found) {
    if (!lstatSync(hostPath(top, path)).isDirectory()) continue;
    const names = readdirSync(hostPath(top, path), { encoding: 'latin1' }).sort();
    // An overlay lists a removal of nothing in a directory that only one layer has; there is nothing by that name.
    const isThere = (name: RelPath): boolean => lstatSync(hostPath(top, name), { throwIfNoEntry: false }) !== undefined;
    found.push(...names.map((name) => joinRel(path, name)).filter(isThere));
  }
  return found;
}

function fileText(top: string, path: RelPath): string {
  const at = hostPath(top, path);
  const stat = lstatSync(at, { bigint: true });
  const isDevice = stat.isCharacterDevice() || stat.isBlockDevice();
  const fields = {
    ...{ path, mode: stat.mode.toString(8), uid: Number(stat.uid), gid: Number(stat.gid), mtime: String(stat.mtimeNs) },
    size: stat.isDirectory() ? 0 : Number(stat.size),
    device: isDevice ? String(stat.rdev) : '',
    link: stat.isSymbolicLink() ? readlinkSync(at, { encoding: 'latin1' }) : '',
    content: stat.isFile() ? createHash('sha256').update(readFileSync(at)).digest('hex') : '',
    xattrs: llistxattr(at)
      .filter((name) => /^(user|security)\./.test(name))
      .map((name) => [name, Buffer.from(lgetxattr(at, name) ?? []).toString('hex')]),
  };
  return JSON.stringify(fields);
}

function linksOf(top: string, paths: readonly RelPath[]): string[] {
  const names = new Map<string, RelPath[]>();
  for (const path of paths) {
    const stat = lstatSync(hostPath(top, path), { bigint: true });
    if (stat.isDirectory()) continue;
    const key = `${stat.dev}:${stat.ino}`;
    names.set(key, [...(names.get(key) ?? []), path]);
  }
  return [...names.values()].filter((one) => one.length > 1).map((one) => one.join(' = '));
}
