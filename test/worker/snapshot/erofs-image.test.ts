import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { isKeptWhole, keepImage, openLayerStore } from '../../../cache/index.ts';
import { openToc, type TocEntry } from '../../../src/image/toc/index.ts';
import type { RelPath } from '../../../src/util/rel-path.ts';
import { erofsImage } from '../../../src/worker/snapshot/erofs/image.ts';
import { ImageRefused, type InodeTree, InodeTreeMaker } from '../../../src/worker/snapshot/erofs/inodes.ts';
import { dir, file, link, makeRoot, writeTestLayer } from '../rig.ts';
import { type ReadImage, type ReadInode, readErofs } from './erofs-reader.ts';
import { type Described, layer } from './generated.ts';

const OPAQUE = 'trusted.overlay.opaque';
const UUID = Buffer.alloc(16, 7);
const place = mkdtempSync(join(tmpdir(), 'tsbuild-erofs-'));
const root = join(place, 'root');

beforeAll(() => makeRoot(root));
afterAll(() => rmSync(place, { recursive: true, force: true }));

interface Written {
  readonly entries: readonly TocEntry[];
  readonly tarPath: string;
  readonly tree: InodeTree;
  readonly image: Buffer;
}

function written(described: readonly Described[]): Written {
  const store = openLayerStore(root);
  const diffID = writeTestLayer(root, described);
  const entries = [...openToc(store.tocPath(diffID)).entries()];
  const tree = treeOf(entries);
  const tarPath = store.tarPath(diffID);
  return { entries, tarPath, tree, image: erofsImage(tree, { tarBytes: statSync(tarPath).size, uuid: UUID }) };
}

function treeOf(entries: Iterable<TocEntry>): InodeTree {
  const maker = new InodeTreeMaker(OPAQUE);
  for (const entry of entries) maker.add(entry);
  return maker.finish();
}

function expected(entry: TocEntry) {
  const { type, mode, uid, gid, size, mtimeSec, mtimeNsec, devMajor, devMinor } = entry;
  const xattrs = new Map([...entry.xattrs].map(([name, value]) => [name, Buffer.from(value).toString('latin1')]));
  if (entry.opaque === true) xattrs.set(OPAQUE, 'y');
  return {
    ...{ type, mode, uid, gid, link: entry.link, xattrs, mtime: [mtimeSec, mtimeNsec], rdev: [devMajor, devMinor] },
    ...(type === 'file' ? { size, offset: size === 0 ? undefined : entry.offset } : {}),
  };
}

test('what a layer says is what its image says, whatever is in it', () => {
  fc.assert(
    fc.property(layer, (described) => {
      const { entries, tarPath, image } = written(described);
      const { files, deviceBlocks } = readErofs(image);
      expect(deviceBlocks * 512).toBe(statSync(tarPath).size);
      expect([...files.keys()].sort()).toEqual([...new Set(['', ...entries.map(({ path }) => path)])].sort());
      const tar = readFileSync(tarPath);
      for (const entry of entries) expectEntry(entry, { files, tar, entries });
    }),
    { numRuns: 300 },
  );
});

function expectEntry(
  entry: TocEntry,
  { files, tar, entries }: { files: ReadImage['files']; tar: Buffer; entries: readonly TocEntry[] },
): void {
  const found = files.get(entry.path) as ReadInode;
  if (entry.whiteout === true) {
    expect(found).toMatchObject({ type: 'character', rdev: [0, 0], nlink: 1 });
    return;
  }
  if (entry.type === 'hardlink') {
    expect(found.nid).toBe(files.get(entry.link)?.nid);
    return;
  }
  expect(found).toMatchObject(expected(entry));
  if (found.offset === undefined) return;
  const content = tar.subarray(found.offset, found.offset + found.size);
  const line = `${entry.path}\n`;
  expect(content.equals(Buffer.alloc(found.size, line, 'latin1'))).toBe(true);
  expect(entries.find(({ path }) => path === entry.path)?.size).toBe(found.size);
}

test('the same layer gives the same image; files of the common time are compact', () => {
  const described = [dir('d'), file('d/a', 'a'), file('d/b', 'b'), file('d/c', 'c', { mtimeNsec: 1 })];
  const { image } = written(described);
  expect(written(described).image.equals(image)).toBe(true);
  const { files } = readErofs(image);
  expect(['d', 'd/a', 'd/b', 'd/c'].map((path) => files.get(path)?.isCompact)).toEqual([true, true, true, false]);
});

test('xattrs that several files have are kept once', () => {
  const xattrs = new Map([['user.big', Buffer.alloc(400, 'v')]]);
  const names = Array.from({ length: 50 }, (_, index) => `f${index}`);
  const { image } = written(names.map((name) => file(name, name, { xattrs })));
  expect(image.length).toBeLessThan(50 * 200);
  expect(readErofs(image).files.get('f49')?.xattrs.get('user.big')).toBe('v'.repeat(400));
});

test('entries below what is no directory, and links to nothing, are left out and named', () => {
  const entry = (path: string, more: Partial<TocEntry> = {}): TocEntry => ({
    ...PLAIN,
    path: path as RelPath,
    ...more,
  });
  const tree = treeOf([
    entry('f'),
    entry('f/below'),
    entry('gone', { type: 'hardlink', link: 'nothing' }),
    entry('to-dir', { type: 'hardlink', link: 'z' }),
    entry('z', { type: 'directory' }),
  ]);
  expect(tree.skipped).toEqual(['f/below', 'gone', 'to-dir']);
  expect([...readErofs(erofsImage(tree, { tarBytes: 1024, uuid: UUID })).files.keys()].sort()).toEqual(['', 'f', 'z']);
});

test.each([
  ['a name that is too long', { path: 'n'.repeat(256) as RelPath }],
  ['an id that no file can have', { uid: 0xffffffff }],
  ['content that does not begin at a block', { size: 1, offset: 100 }],
  ['a target that is too long', { type: 'symlink', link: 'x'.repeat(4096) }],
  ['a device number that is too large', { type: 'character', devMajor: 4096 }],
  ['an access control list', { xattrs: new Map([['system.posix_acl_access', Buffer.alloc(4)]]) }],
] as const)('a layer with %s is refused', (_, more) => {
  expect(() => treeOf([{ ...PLAIN, ...more }])).toThrow(ImageRefused);
});

test('xattrs that such a file cannot have are named', () => {
  const xattrs = new Map([['user.a', Buffer.from('b')]]);
  const tree = treeOf([
    { ...PLAIN, type: 'symlink', link: 'x', xattrs },
    { ...PLAIN, path: 'g' as RelPath, xattrs },
  ]);
  expect([...tree.lost]).toEqual(['xattr user.a']);
});

test('a kept image that lost or changed anything is not whole', () => {
  const { image } = written([dir('d'), file('d/a', 'content'), link('s', 'd/a')]);
  const path = join(place, 'kept');
  keepImage(image, { path, temp: `${path}.temp` });
  expect(isKeptWhole(path)).toBe(true);
  expect(isKeptWhole(`${path}-none`)).toBeUndefined();
  const whole = readFileSync(path);
  const damaged = join(place, 'damaged');
  const isWhole = (bytes: Buffer): boolean | undefined => {
    writeFileSync(damaged, bytes);
    return isKeptWhole(damaged);
  };
  fc.assert(
    fc.property(fc.nat(whole.length - 1), fc.integer({ min: 1, max: 255 }), (at, flip) => {
      const bytes = Buffer.from(whole);
      bytes.writeUInt8(bytes.readUInt8(at) ^ flip, at);
      expect(isWhole(bytes)).toBe(false);
      expect(isWhole(whole.subarray(0, at))).toBe(false);
    }),
  );
  expect(isWhole(Buffer.concat([whole, Buffer.alloc(512)]))).toBe(false);
});

const PLAIN: TocEntry = {
  ...{ path: 'f' as RelPath, type: 'file', mode: 0o644, uid: 0, gid: 0, size: 0, mtimeSec: 0, mtimeNsec: 0 },
  ...{ link: '', devMajor: 0, devMinor: 0, xattrs: new Map(), offset: 0 },
};
