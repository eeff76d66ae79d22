import { mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { bytesOf, type Piece, writePieces } from '../../src/exporter/pieces.ts';
import type * as sysRoom from '../../src/host/sys/index.ts';

const signal = new AbortController().signal;
let dir: string;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'pieces-'));
});
afterEach(() => {
  rmSync(dir, { recursive: true, force: true });
  vi.doUnmock('../../src/host/sys/index.ts');
  vi.resetModules();
});

async function* each<T>(items: readonly T[]): AsyncGenerator<T> {
  yield* items;
}

function stored(name: string, bytes: Uint8Array): Piece {
  const path = join(dir, name);
  writeFileSync(path, bytes);
  return { path, size: bytes.length };
}

async function written(pieces: readonly Piece[], write: typeof writePieces = writePieces): Promise<Buffer> {
  const path = join(dir, 'out');
  await using file = await open(path, 'w');
  const size = await write(each(pieces), file, { signal });
  const bytes = readFileSync(path);
  expect(size).toBe(bytes.length);
  return bytes;
}

test('files and bytes come in their order, whoever takes them', async () => {
  const piece = fc.record({ isFile: fc.boolean(), bytes: fc.uint8Array({ maxLength: 5000 }) });
  await fc.assert(
    fc.asyncProperty(fc.array(piece, { maxLength: 8 }), async (given) => {
      const pieces = given.map(({ isFile, bytes }, index) => (isFile ? stored(String(index), bytes) : bytes));
      const wanted = Buffer.concat(given.map(({ bytes }) => bytes));
      expect((await written(pieces)).equals(wanted)).toBe(true);
      const chunks: Uint8Array[] = [];
      for await (const chunk of bytesOf(each(pieces))) chunks.push(chunk);
      expect(Buffer.concat(chunks).equals(wanted)).toBe(true);
    }),
    { numRuns: 60 },
  );
});

test.each([0, 1, 3])('where the kernel cannot copy, after %i ranges, memory does', async (ranges) => {
  let left = ranges;
  vi.doMock('../../src/host/sys/index.ts', async (original) => {
    const sys = await original<typeof sysRoom>();
    return {
      ...sys,
      copyFileRange: (from: number, to: number, length: number) =>
        left-- > 0 ? sys.copyFileRange(from, to, Math.min(length, 700_000)) : undefined,
    };
  });
  const { writePieces: write } = await import('../../src/exporter/pieces.ts');
  const bytes = Buffer.from(Array.from({ length: 3_000_000 }, (_, index) => index % 251));
  const made = await written([Buffer.from('head'), stored('big', bytes), Buffer.from('tail')], write);
  expect(made.equals(Buffer.concat([Buffer.from('head'), bytes, Buffer.from('tail')]))).toBe(true);
});

test('a file that has become shorter is an error, an abort is heard', async () => {
  const piece = stored('a', Buffer.alloc(10_000));
  truncateSync(join(dir, 'a'), 10);
  await expect(written([piece])).rejects.toThrow(/shorter than its 10000 bytes/);
  const large = stored('b', Buffer.alloc(100_000));
  truncateSync(join(dir, 'b'), 70_000);
  await expect(written([large])).rejects.toThrow(/shorter than its 100000 bytes/);
  await using file = await open(join(dir, 'out'), 'w');
  const aborted = AbortSignal.abort(new Error('stop'));
  await expect(writePieces(each([piece]), file, { signal: aborted })).rejects.toThrow('stop');
});

test('pieces of every size come in their order, though their memory is used again', async () => {
  const sizes = [1, 64 * 1024, 64 * 1024 + 1, 700_000, 700_000, 1024 * 1024, 1024 * 1024 + 1, 3, 2_500_000, 0, 5];
  const memory = Buffer.alloc(2_500_000);
  const bytesAt = (index: number) => Buffer.alloc(sizes[index] ?? 0, index + 1);
  async function* pieces(): AsyncGenerator<Piece> {
    for (const [index, size] of sizes.entries()) {
      yield stored(String(index), bytesAt(index));
      yield memory.subarray(0, size).fill(index + 1);
      memory.fill(0);
    }
  }
  const path = join(dir, 'out');
  await using file = await open(path, 'w');
  await writePieces(pieces(), file, { signal });
  const wanted = sizes.flatMap((_, index) => [bytesAt(index), bytesAt(index)]);
  expect(readFileSync(path).equals(Buffer.concat(wanted))).toBe(true);
});
