import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, expect, test } from 'vitest';
import { BARE, makeTarWriter } from '../../../src/image/archive/index.ts';
import { compressLayer, DeflateAhead } from '../../../src/image/layer/index.ts';
import type { RelPath } from '../../../src/util/rel-path.ts';

const MEGABYTE = 1 << 20;
const dir = mkdtempSync(join(tmpdir(), 'tsbuild-ahead-'));
afterAll(() => rmSync(dir, { recursive: true }));
let count = 0;

async function compressed(tar: Buffer, ahead?: DeflateAhead, level = 6): Promise<Buffer> {
  const [tarPath, destPath] = [join(dir, `tar-${++count}`), join(dir, `gz-${count}`)];
  writeFileSync(tarPath, tar);
  await compressLayer(tarPath, { algorithm: 'gzip', level, destPath, ahead, signal: new AbortController().signal });
  return readFileSync(destPath);
}

async function written(tar: Buffer, { piece, waits }: { piece: number; waits: boolean }): Promise<DeflateAhead> {
  const ahead = new DeflateAhead(6);
  for (let at = 0; at < tar.length; at += piece) {
    ahead.append(tar.subarray(at, at + piece));
    if (waits) await ahead.behind();
  }
  return ahead.end();
}

function textOf(bytes: number): Buffer {
  const lines = Array.from({ length: Math.ceil(bytes / 20) }, (_, i) => `${String(i * i).padStart(19, '.')}\n`);
  return Buffer.from(lines.join('')).subarray(0, bytes);
}

function tarOf(sizes: readonly number[]): Buffer {
  const parts: Buffer[] = [];
  const tar = makeTarWriter((chunk) => parts.push(Buffer.from(chunk)));
  for (const [index, size] of sizes.entries()) {
    tar.entry({ ...BARE, path: `${index}` as RelPath, type: 'file', size });
    tar.content(textOf(size));
  }
  tar.end();
  return Buffer.concat(parts);
}

test.each([
  ['less than a chunk', 1000, 256],
  ['a chunk', MEGABYTE, 256 << 10],
  ['chunks and a rest', 3.5 * MEGABYTE, 100_000],
  ['pieces of several chunks', 5 * MEGABYTE, 3 * MEGABYTE],
  ['more than it takes at a time', 14 * MEGABYTE + 7, 256 << 10],
])('the same bytes as without it: %s', async (_, bytes, piece) => {
  const tar = textOf(bytes);
  const plain = await compressed(tar);
  expect(gunzipSync(plain).equals(tar)).toBe(true);
  const patient = await written(tar, { piece, waits: true });
  expect(patient.size).toBe(Math.floor(bytes / MEGABYTE) * MEGABYTE);
  expect((await compressed(tar, patient)).equals(plain)).toBe(true);
  const hasty = await written(tar, { piece, waits: false });
  expect(hasty.size).toBeLessThanOrEqual(8 * MEGABYTE);
  expect((await compressed(tar, hasty)).equals(plain)).toBe(true);
});

test('large files in a tar are cut the same with and without it', async () => {
  const tar = tarOf([300, 200_000, 20, 3 * MEGABYTE + 5, 131_072, 131_071, 1]);
  const plain = await compressed(tar);
  expect(gunzipSync(plain).equals(tar)).toBe(true);
  for (const piece of [100_000, 256 << 10, 3 * MEGABYTE])
    expect((await compressed(tar, await written(tar, { piece, waits: true }))).equals(plain)).toBe(true);
});

test('it holds no more than some compressed bytes, and serves no other level', async () => {
  const tar = randomBytes(24 * MEGABYTE);
  const ahead = await written(tar, { piece: MEGABYTE, waits: true });
  expect(ahead.size).toBeGreaterThan(15 * MEGABYTE);
  expect(ahead.size).toBeLessThan(24 * MEGABYTE);
  expect((await compressed(tar, ahead)).equals(await compressed(tar))).toBe(true);
  const other = await written(tar, { piece: MEGABYTE, waits: true });
  expect((await compressed(tar, other, 1)).equals(await compressed(tar, undefined, 1))).toBe(true);
});
