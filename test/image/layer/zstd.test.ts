import { execFileSync } from 'node:child_process';
import { createReadStream, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, test, vi } from 'vitest';
import { decompress } from '../../../src/image/archive/index.ts';
import { compressLayer } from '../../../src/image/layer/index.ts';
import { filter } from '../../../src/session/filter.ts';
import { tempDir } from '../../rig/layers.ts';

const signal = new AbortController().signal;
const TAR = Buffer.from(Array.from({ length: 3_000_000 }, (_, index) => (index * index) % 97));

afterEach(() => {
  vi.doUnmock('node:zlib');
  vi.resetModules();
});

test.each([undefined, 0, 1, 22])(
  'zstd at level %s: the same bytes each time, which zstd and we read',
  async (level = 3) => {
    using dir = tempDir();
    const tar = join(dir.path, 'tar');
    writeFileSync(tar, TAR);
    const made = [];
    for (const name of ['a', 'b']) {
      const destPath = join(dir.path, name);
      made.push(await compressLayer(tar, { algorithm: 'zstd', level, destPath, signal, filter }));
    }
    expect(made[1]).toEqual(made[0]);
    const blob = join(dir.path, 'a');
    expect(readFileSync(blob).length).toBe(made[0]?.size);
    expect(execFileSync('zstd', ['-dcq', blob], { maxBuffer: 10_000_000 }).equals(TAR)).toBe(true);
    const chunks: Uint8Array[] = [];
    for await (const chunk of decompress(createReadStream(blob), 'zstd', { signal, filter })) chunks.push(chunk);
    expect(Buffer.concat(chunks).equals(TAR)).toBe(true);
  },
);

test('without zstd in Node the program writes it; without the program the error names the package', async () => {
  vi.doMock('node:zlib', async (original) => ({ ...(await original<object>()), createZstdCompress: undefined }));
  const { compressLayer: compress } = await import('../../../src/image/layer/compress.ts');
  using dir = tempDir();
  const tar = join(dir.path, 'tar');
  writeFileSync(tar, TAR);
  const seen: (readonly string[])[] = [];
  const destPath = join(dir.path, 'blob');
  const recording: typeof filter = (argv, source, options) => {
    seen.push(argv);
    return filter(argv, source, options);
  };
  await compress(tar, { algorithm: 'zstd', level: 21, destPath, signal, filter: recording });
  expect(seen).toEqual([['zstd', '-cq', '--single-thread', '--no-check', '--ultra', '-21']]);
  const missing: typeof filter = (_, source, options) => filter(['no-zstd-here'], source, options);
  const failing = compress(tar, {
    algorithm: 'zstd',
    level: 3,
    destPath: join(dir.path, 'x'),
    signal,
    filter: missing,
  });
  await expect(failing).rejects.toMatchObject({ code: 'setup-missing' });
});
