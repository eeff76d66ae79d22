import { renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { digestOf } from '../../../cache/index.ts';
import { contentIDIn, openToc, TocCorrupt, type TocEntry } from '../../../src/image/toc/index.ts';
import { parentOf, type RelPath, relPath } from '../../../src/util/rel-path.ts';
import { tempDir } from '../../rig/layers.ts';
import { encodeToc } from '../../rig/toc.ts';

function entryOf(path: string, more: Partial<TocEntry> = {}): TocEntry {
  return {
    path: path as RelPath,
    type: 'file',
    mode: 0o644,
    uid: 0,
    gid: 0,
    size: 0,
    mtimeSec: 1_600_000_000,
    mtimeNsec: 0,
    link: '',
    devMajor: 0,
    devMinor: 0,
    xattrs: new Map(),
    offset: 0,
    ...more,
  };
}

const part = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom('a', 'a-', 'a.b', 'a0', 'b', '\x01', '\xff') },
  fc.string({
    unit: fc.integer({ min: 1, max: 255 }).map((code) => String.fromCharCode(code)),
    minLength: 1,
    maxLength: 4,
  }),
);
const path = fc.array(part, { minLength: 1, maxLength: 4 }).map((parts) => relPath(parts.join('/')));

const big = fc.integer({ min: 0, max: 2 ** 32 - 1 });
const entry: fc.Arbitrary<TocEntry> = fc.record({
  path,
  type: fc.constantFrom('file', 'directory', 'symlink', 'hardlink', 'character', 'block', 'fifo'),
  mode: fc.integer({ min: 0, max: 0o7777 }),
  uid: big,
  gid: big,
  size: fc.maxSafeNat(),
  mtimeSec: fc.maxSafeInteger(),
  mtimeNsec: fc.integer({ min: 0, max: 999_999_999 }),
  link: fc.oneof(fc.constant(''), path),
  devMajor: fc.nat(0xfff),
  devMinor: fc.nat(0xfffff),
  offset: fc.maxSafeNat(),
  digest: fc.option(fc.string().map(digestOf), { nil: undefined }),
  linkGroup: fc.option(path, { nil: undefined }),
  whiteout: fc.constantFrom(undefined, true),
  opaque: fc.constantFrom(undefined, true),
  xattrs: fc
    .dictionary(fc.constantFrom('user.a', 'user.\xff'), fc.uint8Array({ maxLength: 300 }))
    .map((all) => new Map(Object.entries(all))),
});

const entries = fc.uniqueArray(entry, { selector: (one) => one.path, maxLength: 30 });

describe('a toc is a map', () => {
  test('lookups, misses, entries', () => {
    fc.assert(
      fc.property(entries, fc.array(path), (all, others) => {
        const toc = openToc(encodeToc(all));
        const oracle = new Map<string, TocEntry>(all.map((one) => [one.path, one]));
        expect(toc.size).toBe(all.length);
        for (const one of [...oracle.keys(), ...others, '']) expect(toc.lookup(one)).toEqual(oracle.get(one));
        const sorted = [...oracle.keys()].sort();
        expect([...toc.entries()].map((one) => one.path)).toEqual(sorted);
        for (const [index, one] of sorted.entries()) expect(toc.entry(index).path).toBe(one);
      }),
    );
  });

  test('lists, whiteouts, what lies below, whether it is closed', () => {
    fc.assert(
      fc.property(entries, fc.array(path), (all, others) => {
        const toc = openToc(encodeToc(all));
        const paths = all.map((one) => one.path);
        for (const dir of [...paths, ...paths.map(parentOf), ...others, '']) {
          const prefix = dir === '' ? '' : `${dir}/`;
          const below = paths
            .filter((one) => one !== '' && one.startsWith(prefix))
            .map((one) => one.slice(prefix.length));
          const names = [...new Set(below.map((one) => one.split('/')[0] ?? ''))].sort();
          expect(toc.list(dir)).toEqual(names);
          const gone = names.filter((name) =>
            all.some((one) => one.path === `${prefix}${name}` && one.whiteout === true),
          );
          expect(toc.listWhiteouts(dir)).toEqual(gone);
          if (dir !== '') expect(toc.hasBelow(dir)).toBe(below.length > 0);
        }
        const cameAfterItsDirectory = ({ path: one }: TocEntry, index: number): boolean =>
          parentOf(one) === '' ||
          all.slice(0, index).some((before) => before.path === parentOf(one) && before.type === 'directory');
        expect(toc.closed).toBe(all.every(cameAfterItsDirectory));
      }),
    );
  });
});

describe('the ContentID', () => {
  test('says nothing of times, order, places in the tar and groups’ names', () => {
    fc.assert(
      fc.property(entries, fc.integer(), fc.nat(999), (all, sec, nsec) => {
        const moved = all.map((one) => ({
          ...one,
          mtimeSec: sec,
          mtimeNsec: nsec,
          offset: nsec,
          linkGroup: undefined,
        }));
        expect(contentIDIn(encodeToc(moved.reverse()))).toBe(contentIDIn(encodeToc(all)));
      }),
    );
  });

  test('says all else', () => {
    const base = entryOf('a', { xattrs: new Map([['user.a', Buffer.from('1')]]) });
    const changes: Partial<TocEntry>[] = [
      { path: relPath('b') },
      { type: 'fifo' },
      { mode: 0o600 },
      { uid: 1 },
      { gid: 1 },
      { size: 1 },
      { link: 'x' },
      { devMajor: 1 },
      { devMinor: 1 },
      { digest: digestOf('') },
      { whiteout: true },
      { opaque: true },
      { xattrs: new Map([['user.a', Buffer.from('2')]]) },
      { xattrs: new Map([['user.b', Buffer.from('1')]]) },
      { xattrs: new Map() },
    ];
    const ids = [base, ...changes.map((change) => ({ ...base, ...change }))].map((one) =>
      contentIDIn(encodeToc([one])),
    );
    expect(new Set([...ids, contentIDIn(encodeToc([])), contentIDIn(encodeToc([base, entryOf('b')]))]).size).toBe(
      ids.length + 2,
    );
  });

  test('of more entries than are hashed at once', () => {
    const all = Array.from({ length: 5000 }, (_, index) =>
      entryOf(`${'d'.repeat(60)}/${index}`, { linkGroup: `${index}` }),
    );
    const toc = encodeToc(all);
    expect(contentIDIn(toc)).toBe(contentIDIn(encodeToc(all.map((one) => ({ ...one, linkGroup: undefined })))));
    expect(openToc(toc).contentID).toBe(contentIDIn(toc));
    expect(openToc(toc).lookup(`${'d'.repeat(60)}/4999`)?.linkGroup).toBe('4999');
  });
});

describe('damage', () => {
  test('any changed byte is told', () => {
    const toc = encodeToc([entryOf('a', { size: 5, digest: digestOf('x') }), entryOf('d', { type: 'directory' })]);
    for (let at = 0; at < toc.length; at += 1) {
      const torn = Buffer.from(toc);
      torn[at] = (torn[at] ?? 0) ^ 1;
      expect(() => openToc(torn), `byte ${at}`).toThrow(TocCorrupt);
    }
    for (let end = 0; end < toc.length; end += 7) expect(() => openToc(toc.subarray(0, end))).toThrow(TocCorrupt);
  });

  test('no file', () => {
    expect(() => openToc('/nowhere/toc')).toThrow('ENOENT');
  });
});

test('a file that is replaced is read anew, one that is not is shared', () => {
  using dir = tempDir();
  const file = join(dir.path, 'toc');
  writeFileSync(file, encodeToc([entryOf('a')]));
  const first = openToc(file);
  expect(openToc(file)).toBe(first);
  writeFileSync(`${file}.new`, encodeToc([entryOf('b')]));
  renameSync(`${file}.new`, file);
  expect(openToc(file).lookup('b')).toBeDefined();
  expect(first.lookup('a')).toBeDefined();
});
