import { spawnSync } from 'node:child_process';
import { lstatSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  isTarHead,
  newestInTar,
  openContext,
  Spool,
  spoolTar,
  unpackContext,
} from '../../../src/sources/context/index.ts';
import { relPath } from '../../../src/util/rel-path.ts';
import { tempDir } from '../../rig/layers.ts';
import { rawTar } from '../../rig/raw-tar.ts';
import { filter, type GivenEntry, makeTar } from './make-tar.ts';

const { signal } = new AbortController();
const tar = makeTar([
  { path: 'd', type: 'directory', mode: 0o700, mtimeSec: 5 },
  { path: 'd/f', text: 'hello', mode: 0o640 },
]);
const compressed = (program: string) => spawnSync(program, ['-c'], { input: tar }).stdout;
const missing = (program: string) => spawnSync(program, ['--version']).error !== undefined;

async function* inPieces(bytes: Uint8Array, size = 7): AsyncIterable<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

describe('when the newest file of an archive was written', () => {
  const newest = (bytes: Uint8Array) => newestInTar(inPieces(bytes), { signal, filter });

  test('of its files, whatever their order; directories do not count', async () => {
    const files = makeTar([
      { path: 'd', type: 'directory', mtimeSec: 9 },
      { path: 'a', text: 'a', mtimeSec: 4 },
      { path: 'b', text: 'b', mtimeSec: 7 },
      { path: 'c', text: 'c', mtimeSec: 5 },
    ]);
    expect(await newest(files)).toBe(7);
    expect(await newest(gzipSync(files))).toBe(7);
  });

  test('what is none has no time', async () => {
    const directory = makeTar([{ path: 'd', type: 'directory', mtimeSec: 9 }]);
    for (const bytes of [
      directory,
      Buffer.from('text\n'.repeat(300)),
      Buffer.alloc(0),
      Buffer.from([0x1f, 0x8b, 1, 2]),
    ])
      expect(await newest(bytes)).toBeUndefined();
  });
});

describe('what is an archive', () => {
  const isTar = (bytes: Uint8Array) => isTarHead(bytes, { signal, filter });

  test('plain and gzip, whole or cut', async () => {
    expect(await isTar(tar)).toBe(true);
    expect(await isTar(tar.subarray(0, 600))).toBe(true);
    expect(await isTar(gzipSync(tar))).toBe(true);
    expect(await isTar(gzipSync(makeTar([{ path: 'x', text: 'y'.repeat(100_000) }])).subarray(0, 150))).toBe(true);
  });

  test.each(['bzip2', 'xz', 'zstd'])('%s', async (program) => {
    if (missing(program)) return;
    expect(await isTar(compressed(program))).toBe(true);
  });

  test.each<[string, Uint8Array]>([
    ['nothing', new Uint8Array()],
    ['text', Buffer.from('not a tar\n'.repeat(200))],
    ['a short text', Buffer.from('hi')],
    ['compressed text', gzipSync('not a tar\n'.repeat(200))],
    ['broken gzip', Buffer.from([0x1f, 0x8b, 1, 2, 3, 4])],
    ['zeros', Buffer.alloc(10_240)],
    ['a header that is cut', tar.subarray(0, 500)],
  ])('%s is none', async (_what, bytes) => {
    expect(await isTar(bytes)).toBe(false);
  });

  test('a missing program is an error, not a no', async () => {
    const none = () => filter(['/no/such/program'], inPieces(tar));
    await expect(
      isTarHead(Buffer.from([0xfd, 0x37, 0x7a, 0x58, 0x5a, 0, 1]), { signal, filter: none }),
    ).rejects.toMatchObject({ code: 'setup-missing' });
  });
});

test('entries can be read in any order', async () => {
  using entries = await spoolTar(
    inPieces(gzipSync(makeTar([{ path: 'a', text: 'aa' }, { path: 'b' }, { path: 'c', text: 'ccc' }]))),
    { signal, filter },
  );
  const textOf = (index: number) => {
    let text = '';
    entries.at(index).read((chunk) => (text += Buffer.from(chunk).toString()));
    return text;
  };
  expect([textOf(2), textOf(1), textOf(0), textOf(2)]).toEqual(['ccc', '', 'aa', 'ccc']);
});

test('a broken archive is an error', async () => {
  await expect(spoolTar(inPieces(tar.subarray(0, 700)), { signal, filter })).rejects.toMatchObject({
    code: 'truncated',
  });
});

test('a spool that grows goes to a file without a name', () => {
  const dir = mkdtempSync(join(tmpdir(), 'spool-'));
  using spool = new Spool(dir);
  const block = Buffer.alloc(10 << 20);
  for (let i = 0; i < 5; i++) spool.append(block.fill(i));
  expect(readdirSync(dir)).toEqual([]);
  const seen: number[] = [];
  spool.read({ offset: (30 << 20) - 1, size: 2 }, (chunk) => seen.push(...chunk));
  expect(seen).toEqual([2, 3]);
  let size = 0;
  for (const chunk of spool.chunks()) size += chunk.length;
  expect(size).toBe(50 << 20);
  rmSync(dir, { recursive: true });
});

test('zeros of a spool take no room once there is a file', () => {
  using dir = tempDir();
  using spool = new Spool(dir.path);
  spool.append(Buffer.from('a'));
  spool.appendZeros(1 << 20);
  spool.append(Buffer.from('b'));
  spool.appendZeros(2 ** 36);
  spool.append(Buffer.from('c'));
  const at = (offset: number, size: number) => {
    const seen: number[] = [];
    spool.read({ offset, size }, (chunk) => seen.push(...chunk));
    return seen;
  };
  expect(spool.size).toBe(2 ** 36 + 2 ** 20 + 3);
  expect([at(0, 2), at(2 ** 20, 3), at(spool.size - 2, 2)]).toEqual([
    [97, 0],
    [0, 98, 0],
    [0, 99],
  ]);
});

describe('a sparse file', () => {
  const sparse = (size: number) =>
    rawTar([
      {
        pax: { 'GNU.sparse.size': String(size), 'GNU.sparse.numblocks': '1', 'GNU.sparse.map': '3,2' },
        mtime: 7,
        content: 'ab',
      },
    ]);

  test('is whole in a spooled archive, and in a context', async () => {
    using entries = await spoolTar(inPieces(sparse(9)), { signal, filter });
    const chunks: Buffer[] = [];
    entries.at(0).read((chunk) => chunks.push(Buffer.from(chunk)));
    expect(Buffer.concat(chunks).toString('latin1')).toBe('\0\0\0ab\0\0\0\0');
    using dir = tempDir();
    await unpackContext(inPieces(sparse(9)), { dir: dir.path, signal, filter });
    expect(readFileSync(join(dir.path, 'file'), 'latin1')).toBe('\0\0\0ab\0\0\0\0');
  });

  test('has a time however large it is, and is refused where there is no room for it', async () => {
    expect(await newestInTar(inPieces(sparse(2 ** 52)), { signal, filter })).toBe(7);
    expect(await isTarHead(sparse(9), { signal, filter })).toBe(true);
    await expect(spoolTar(inPieces(sparse(2 ** 52)), { signal, filter })).rejects.toMatchObject({ code: 'too-large' });
  });
});

describe('a context from standard input', () => {
  let dir = '';
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'stdin-'));
  });
  afterEach(() => rmSync(dir, { recursive: true, force: true }));
  const unpack = (entries: readonly GivenEntry[]) =>
    unpackContext(inPieces(gzipSync(makeTar(entries)), 1000), { dir, signal, filter });

  test('keeps modes, times, links and hard links', async () => {
    await unpack([
      { path: 'd', type: 'directory', mode: 0o500, mtimeSec: 5 },
      { path: 'd/f', text: 'hello', mode: 0o4755, mtimeSec: 6, mtimeNsec: 7 },
      { path: 'd/h', type: 'hardlink', link: 'd/f' },
      { path: 'l', type: 'symlink', link: '/etc/passwd', mtimeSec: 9 },
      { path: 'no/parent', text: 'p' },
    ]);
    expect(lstatSync(join(dir, 'd')).mode & 0o7777).toBe(0o500);
    expect(lstatSync(join(dir, 'd')).mtimeMs).toBe(5000);
    expect(lstatSync(join(dir, 'd/f')).mode & 0o7777).toBe(0o4755);
    expect(lstatSync(join(dir, 'd/f'), { bigint: true }).mtimeNs).toBe(6_000_000_007n);
    expect(lstatSync(join(dir, 'd/h')).ino).toBe(lstatSync(join(dir, 'd/f')).ino);
    expect(readlinkSync(join(dir, 'l'))).toBe('/etc/passwd');
    expect(readFileSync(join(dir, 'no/parent'), 'utf8')).toBe('p');
    expect(lstatSync(join(dir, 'no')).mtimeMs, 'nothing dates it').toBeGreaterThanOrEqual(lstatSync(dir).birthtimeMs);
    expect(lstatSync(dir).mtimeMs, 'nothing dates it').toBeGreaterThanOrEqual(lstatSync(dir).birthtimeMs);
  });

  test("tells whose its files are, and what they may; nothing when all is root's", async () => {
    const xattrs = new Map([['security.capability', Uint8Array.of(1, 2)]]);
    const attributesOf = await unpack([
      { path: 'd', type: 'directory', uid: 5, gid: 6 },
      { path: 'd/f', text: 'hello', uid: 4_294_967_294, gid: 8, xattrs },
      { path: 'd/h', type: 'hardlink', link: 'd/f' },
      { path: 'no/parent', text: 'p' },
    ]);
    expect(attributesOf?.(relPath('d'))).toEqual({ uid: 5, gid: 6, xattrs: new Map() });
    expect(attributesOf?.(relPath('d/f'))).toEqual({ uid: 4_294_967_294, gid: 8, xattrs });
    expect(attributesOf?.(relPath('d/h'))).toEqual(attributesOf?.(relPath('d/f')));
    expect(attributesOf?.(relPath('no'))).toMatchObject({ uid: 0, gid: 0 });
    const tree = openContext(dir, { attributesOf });
    expect(tree.lookup(relPath('d/f'))).toMatchObject({ uid: 4_294_967_294, gid: 8, xattrs, mode: 0o644 });
    expect(tree.lookup(relPath(''))).toMatchObject({ uid: 0, gid: 0 });
    expect(await unpack([{ path: 'f' }])).toBeUndefined();
  });

  test('the last entry of a name wins', async () => {
    await unpack([
      { path: 'x/y', text: '1' },
      { path: 'x', type: 'symlink', link: '/tmp' },
      { path: 'z', text: '1' },
      { path: 'z', text: '2' },
    ]);
    expect(readdirSync(dir)).toEqual(['x', 'z']);
    expect(readFileSync(join(dir, 'z'), 'utf8')).toBe('2');
  });

  test('nothing is written through a link, or linked from outside', async () => {
    await expect(
      unpack([
        { path: 'x', type: 'symlink', link: '/tmp' },
        { path: 'x/evil', text: 'e' },
      ]),
    ).rejects.toMatchObject({ code: 'context-invalid', message: expect.stringContaining('x/evil') });
    await expect(unpack([{ path: 'x', type: 'hardlink', link: 'etc/passwd' }])).rejects.toMatchObject({
      code: 'context-invalid',
    });
    expect(readdirSync(dir)).toEqual([]);
  });

  test('what is no tar is an error', async () => {
    await expect(
      unpackContext(inPieces(Buffer.from('FROM scratch\n'.repeat(100))), { dir, signal, filter }),
    ).rejects.toMatchObject({ code: 'context-invalid' });
  });
});
