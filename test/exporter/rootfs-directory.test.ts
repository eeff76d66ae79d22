import {
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { writeRootfsDirectory } from '../../src/exporter/rootfs-directory.ts';
import { memoryTree } from '../rig/memory-tree.ts';

let top: string;
let dest: string;

beforeEach(() => {
  top = mkdtempSync(join(tmpdir(), 'local-'));
  dest = join(top, 'dest');
});
afterEach(() => rmSync(top, { recursive: true }));

test('files, directories, symlinks and hard links with modes and times, owned by the caller', async () => {
  const tree = memoryTree({
    'bin/tool': { content: 'tool', mode: 0o4755, uid: 1234, linkGroup: 'g' },
    'bin/other': { content: 'tool', mode: 0o4755, uid: 1234, linkGroup: 'g' },
    'ro/file': { content: 'x', mode: 0o400 },
    ro: { type: 'directory', mode: 0o555 },
    'lib/link': { type: 'symlink', link: '/etc/shadow' },
    tmp: { type: 'directory', mode: 0o1777 },
  });
  expect(await write(tree)).toEqual({ size: 5, warnings: [] });
  expect([mode('bin/tool'), mode('ro'), mode('ro/file'), mode('tmp')]).toEqual([0o755, 0o555, 0o400, 0o1777]);
  expect(lstatSync(join(dest, 'bin/tool')).ino).toBe(lstatSync(join(dest, 'bin/other')).ino);
  expect(lstatSync(join(dest, 'bin/tool')).uid).toBe(process.getuid?.());
  expect(readlinkSync(join(dest, 'lib/link'))).toBe('/etc/shadow');
  expect(lstatSync(join(dest, 'ro')).mtimeMs).toBe(1_600_000_000_000);
  rmSync(join(dest, 'ro'), { recursive: true });
});

test.each([-5, 1_600_000_000])('times are kept to the nanosecond, also before 1970: %d', async (mtimeSec) => {
  const mtime = { mtimeSec, mtimeNsec: 123_456_789 };
  await write(
    memoryTree({
      f: { content: 'x', ...mtime },
      dir: { type: 'directory', ...mtime },
      link: { type: 'symlink', link: 'f', ...mtime },
    }),
  );
  const times = ['f', 'dir', 'link'].map((name) => lstatSync(join(dest, name), { bigint: true }).mtimeNs);
  expect(new Set(times)).toEqual(new Set([BigInt(mtimeSec) * 1_000_000_000n + 123_456_789n]));
});

test('special files are left out, with a warning that names them', async () => {
  const { warnings } = await write(
    memoryTree({ 'dev/null': { type: 'character', devMajor: 1, devMinor: 3 }, 'run/pipe': { type: 'fifo' } }),
  );
  expect(warnings).toEqual([expect.stringMatching(/^2 special files.*dev\/null, run\/pipe$/)]);
  expect(readdirSync(join(dest, 'dev'))).toEqual([]);
});

test('nothing is written through symlinks that are there', async () => {
  const outside = join(top, 'outside');
  mkdirSync(join(outside, 'etc'), { recursive: true });
  writeFileSync(join(outside, 'secret'), 'untouched');
  mkdirSync(dest);
  symlinkSync(join(outside, 'etc'), join(dest, 'etc'));
  symlinkSync(join(outside, 'secret'), join(dest, 'file'));
  mkdirSync(join(dest, 'was-directory/with'), { recursive: true });
  await write(
    memoryTree({
      'etc/passwd': { content: 'root' },
      file: { content: 'mine' },
      'was-directory': { content: 'now a file' },
    }),
  );
  expect(readdirSync(join(outside, 'etc'))).toEqual([]);
  expect(readFileSync(join(outside, 'secret'), 'utf8')).toBe('untouched');
  expect(readFileSync(join(dest, 'etc/passwd'), 'utf8')).toBe('root');
  expect(readFileSync(join(dest, 'was-directory'), 'utf8')).toBe('now a file');
});

test('writing twice gives the same; other files stay; names are bytes', async () => {
  mkdirSync(dest);
  writeFileSync(join(dest, 'mine.txt'), 'mine');
  const tree = memoryTree({ 'a/b': { content: 'b', mode: 0o444 }, 'caf\u00e9': { content: 'c' } });
  await write(tree);
  await write(tree);
  expect(readdirSync(dest).sort()).toEqual(['a', 'café', 'mine.txt']);
});

test('a dest that is a file is refused in words', async () => {
  writeFileSync(dest, '');
  await expect(write(memoryTree({}))).rejects.toMatchObject({ code: 'output-failed' });
});

test('an abort is heard between two files', async () => {
  const controller = new AbortController();
  const tree = memoryTree(
    Object.fromEntries(Array.from({ length: 50 }, (_, index) => [`f${index}`, { content: 'x' }])),
  );
  const slow: typeof tree = {
    ...tree,
    read(entry, sink) {
      // longer than files are written at a stretch
      for (const until = performance.now() + 20; performance.now() < until; );
      tree.read(entry, sink);
    },
  };
  setImmediate(() => controller.abort());
  await expect(write(slow, controller.signal)).rejects.toMatchObject({ name: 'AbortError' });
  expect(readdirSync(dest).length).toBeLessThan(50);
});

async function write(
  tree: ReturnType<typeof memoryTree>,
  signal = new AbortController().signal,
): Promise<{ size: number; warnings: string[] }> {
  const warnings: string[] = [];
  const size = await writeRootfsDirectory(tree, { dest, signal, warn: (message) => warnings.push(message) });
  return { size, warnings };
}

function mode(path: string): number {
  return lstatSync(join(dest, path)).mode & 0o7777;
}
