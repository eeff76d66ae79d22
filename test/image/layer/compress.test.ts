import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { deflateRawSync, gunzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { deflateChunk, deflateChunkNow } from '../../../src/image/layer/deflate.ts';
import { compressLayer } from '../../../src/image/layer/index.ts';
import { tempDir } from '../../rig/layers.ts';

const { signal } = new AbortController();
const GZIP = { algorithm: 'gzip', level: 5, signal } as const;

/** Bytes that compress neither well nor not at all; beyond the last of `random` they repeat. */
function bytesOf(size: number): Buffer {
  const random = deflateRawSync(Buffer.from(Array.from({ length: 999 }, (_, index) => (index * index) % 251)));
  return Buffer.alloc(size, random);
}

describe('a layer of any size', () => {
  test.each([0, 1, 1536, 65_536, 65_537, 1_048_576, 1_048_577])('%i bytes', async (size) => {
    using dir = tempDir();
    const [tarPath, destPath] = [join(dir.path, 'tar'), join(dir.path, 'gz')];
    writeFileSync(tarPath, bytesOf(size));
    const made = await compressLayer(tarPath, { ...GZIP, destPath });
    const gz = readFileSync(destPath);
    expect(gunzipSync(gz).equals(bytesOf(size))).toBe(true);
    expect(made).toEqual({ digest: `sha256:${createHash('sha256').update(gz).digest('hex')}`, size: gz.length });
  });

  test('a small one is deflated as a larger one would be', async () => {
    for (const size of [1, 1536, 65_536]) {
      const source = { chunk: bytesOf(size), before: undefined, level: 5 };
      expect(deflateChunkNow(source)).toEqual(await deflateChunk(source));
    }
  });

  test('what is at its place already stays', async () => {
    using dir = tempDir();
    const [tarPath, destPath] = [join(dir.path, 'tar'), join(dir.path, 'gz')];
    writeFileSync(tarPath, bytesOf(10));
    writeFileSync(destPath, 'another');
    await expect(compressLayer(tarPath, { ...GZIP, destPath })).rejects.toMatchObject({ code: 'EEXIST' });
    expect(readFileSync(destPath, 'utf8')).toBe('another');
  });

  test('nothing is written after an abort', async () => {
    using dir = tempDir();
    const [tarPath, destPath] = [join(dir.path, 'tar'), join(dir.path, 'gz')];
    writeFileSync(tarPath, bytesOf(10));
    const aborted = AbortSignal.abort(new Error('enough'));
    await expect(compressLayer(tarPath, { ...GZIP, destPath, signal: aborted })).rejects.toThrow('enough');
    expect(existsSync(destPath)).toBe(false);
  });
});
