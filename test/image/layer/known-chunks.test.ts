import { randomBytes } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { expect, onTestFinished, test } from 'vitest';
import { BARE, makeTarWriter } from '../../../src/image/archive/index.ts';
import { deflateChunk } from '../../../src/image/layer/deflate.ts';
import { ChunkStore, compressLayer, KnownChunks } from '../../../src/image/layer/index.ts';
import type { RelPath } from '../../../src/util/rel-path.ts';

const LEVEL = 5;
const MEGABYTE = 1 << 20;

function tempDir(): string {
  const dir = mkdtempSync(join(tmpdir(), 'tsbuild-known-'));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

function textOf(bytes: number): Buffer {
  const lines = Array.from({ length: Math.ceil(bytes / 20) }, (_, i) => `${String(i * i).padStart(19, '.')}\n`);
  return Buffer.from(lines.join('')).subarray(0, bytes);
}

function tarOf(file: Buffer): Buffer {
  const written: Buffer[] = [];
  const tar = makeTarWriter((chunk) => written.push(Buffer.from(chunk)));
  for (const [path, content] of [
    ['a', textOf(300)],
    ['b', file],
    ['c', textOf(400)],
  ] as const) {
    tar.entry({ ...BARE, path: path as RelPath, type: 'file', size: content.length });
    tar.content(content);
  }
  tar.end();
  return Buffer.concat(written);
}

async function compressed(tar: Buffer, known?: KnownChunks): Promise<Buffer> {
  const dir = tempDir();
  const [tarPath, destPath] = [join(dir, 'tar'), join(dir, 'gz')];
  writeFileSync(tarPath, tar);
  const { signal } = new AbortController();
  await compressLayer(tarPath, { algorithm: 'gzip', level: LEVEL, destPath, known, signal });
  return readFileSync(destPath);
}

/** A file's chunks, as they are when its layer is there. */
function stored(file: Buffer, dir: string): ChunkStore {
  const store = new ChunkStore(dir);
  for (let at = 0; at < file.length; at += MEGABYTE) {
    const before = at === 0 ? undefined : file.subarray(at - 32 * 1024, at);
    store.add({ chunk: file.subarray(at, at + MEGABYTE), before, level: LEVEL });
  }
  return store;
}

test('a layer with known chunks has the same bytes, and they are taken', async () => {
  const file = textOf(2.5 * MEGABYTE);
  const dir = join(tempDir(), 'chunks');
  stored(file, dir);
  expect(readdirSync(dir)).toHaveLength(3);
  const tar = tarOf(file);
  const plain = await compressed(tar);
  expect(gunzipSync(plain).equals(tar)).toBe(true);
  expect((await compressed(tar, new KnownChunks(dir))).equals(plain)).toBe(true);
  for (const name of readdirSync(dir)) writeFileSync(join(dir, name), 'mark');
  expect((await compressed(tar, new KnownChunks(dir))).toString('latin1').split('mark')).toHaveLength(4);
});

test('chunks of another file, level or dictionary are none of its', async () => {
  const [dir, tar] = [join(tempDir(), 'chunks'), tarOf(textOf(MEGABYTE))];
  const store = new ChunkStore(dir);
  const chunk = textOf(MEGABYTE);
  expect(store.add({ chunk, before: undefined, level: LEVEL + 1 })).toBeGreaterThan(0);
  expect(store.add({ chunk, before: textOf(20), level: LEVEL })).toBeGreaterThan(0);
  expect(store.add({ chunk: textOf(MEGABYTE - 1), before: undefined, level: LEVEL })).toBeGreaterThan(0);
  for (const name of readdirSync(dir)) writeFileSync(join(dir, name), 'mark');
  expect((await compressed(tar, new KnownChunks(dir))).equals(await compressed(tar))).toBe(true);
});

test('a chunk is what deflateChunk makes of it, and is kept once', async () => {
  const dir = join(tempDir(), 'chunks');
  const source = { chunk: textOf(5000), before: textOf(300), level: LEVEL };
  const store = new ChunkStore(dir);
  const deflated = await deflateChunk(source);
  expect(store.add(source)).toBe(deflated.length);
  expect(store.add(source)).toBe(0);
  expect(readFileSync(join(dir, readdirSync(dir)[0] ?? '')).equals(deflated)).toBe(true);
});

test('what is stored as it is takes no place', () => {
  const dir = join(tempDir(), 'chunks');
  expect(new ChunkStore(dir).add({ chunk: randomBytes(MEGABYTE), before: undefined, level: LEVEL })).toBe(0);
  expect(readdirSync(dir)).toEqual([]);
});

test('without a directory, or with chunks that went meanwhile, a layer is deflated', async () => {
  const file = textOf(MEGABYTE);
  const tar = tarOf(file);
  const plain = await compressed(tar);
  const dir = join(tempDir(), 'chunks');
  expect((await compressed(tar, new KnownChunks(dir))).equals(plain)).toBe(true);
  stored(file, dir);
  const known = new KnownChunks(dir);
  rmSync(dir, { recursive: true });
  expect((await compressed(tar, known)).equals(plain)).toBe(true);
});
