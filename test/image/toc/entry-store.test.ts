import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { EntryStore, openToc, type TocEntry, writeToc } from '../../../src/image/toc/index.ts';
import type { RelPath } from '../../../src/util/rel-path.ts';
import { tempDir } from '../../rig/layers.ts';
import { encodeToc } from '../../rig/toc.ts';

function entryNamed(path: string, more: Partial<TocEntry> = {}): TocEntry {
  return {
    ...{ path: path as RelPath, type: 'file', mode: 0o644, uid: 0, gid: 0, size: 3, mtimeSec: 5, mtimeNsec: 7 },
    ...{ link: '', devMajor: 0, devMinor: 0, xattrs: new Map(), offset: 512 },
    ...more,
  };
}

test('entries of every length come back in any order, from memory and from the file, which has no name', () => {
  using temp = tempDir();
  using store = new EntryStore(join(temp.path, 'store'));
  const value = (index: number) => Buffer.alloc((index * 7919) % 60_000, index);
  const COUNT = 1500;
  for (let index = 0; index < COUNT; index += 1)
    store.add(entryNamed(`f${index}`, { xattrs: new Map([['user.x', value(index)]]) }));
  expect(readdirSync(temp.path)).toEqual([]);
  for (let index = 0; index < COUNT; index += 1) {
    const at = (index * 811) % COUNT;
    const { path, xattrs } = store.entry(at);
    expect(path).toBe(`f${at}`);
    expect(value(at).equals(xattrs.get('user.x') ?? Buffer.alloc(1))).toBe(true);
  }
  store.update(3, entryNamed('f3', { uid: 9 }));
  expect(store.entry(3, 'other' as RelPath)).toMatchObject({ path: 'other', uid: 9, size: 3, offset: 512 });
});

test('a table that is written entry by entry is the one that is encoded whole', () => {
  using temp = tempDir();
  const entries = Array.from({ length: 20_000 }, (_, index) =>
    entryNamed(`d/${String(index).padStart(6, '0')}`, index % 7 === 0 ? { linkGroup: 'd/000000' } : {}),
  );
  for (const [isClosed, all] of [
    [false, entries],
    [true, [entryNamed('d', { type: 'directory' }), ...entries]],
  ] as const) {
    const path = join(temp.path, `toc-${isClosed}`);
    writeToc(path, { count: all.length, isClosed, entries: all });
    const toc = openToc(path);
    const whole = openToc(encodeToc(all));
    expect([toc.contentID, toc.closed, toc.size]).toEqual([whole.contentID, whole.closed, whole.size]);
    expect([...toc.entries()]).toEqual([...whole.entries()]);
  }
});
