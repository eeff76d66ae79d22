import fc from 'fast-check';
import { expect, test } from 'vitest';
import { withPace } from '../../../src/host/net/pace.ts';

/** Chunks that each take so long to come; the reader takes its time, too. */
async function read(chunks: readonly { readonly ms: number; readonly size: number }[], readerMs = 0): Promise<number> {
  let now = 0;
  async function* source(): AsyncGenerator<Uint8Array> {
    for (const { ms, size } of chunks) {
      now += ms;
      yield new Uint8Array(size);
    }
  }
  let size = 0;
  for await (const chunk of withPace(source(), { host: 'slow.example', elapsedMs: () => now })) {
    size += chunk.length;
    now += readerMs;
  }
  return size;
}

const times = (count: number, ms: number, size: number) => Array.from({ length: count }, () => ({ ms, size }));

test('a drip ends with an error that says how slow it is', async () => {
  await expect(read(times(1000, 10_000, 1))).rejects.toMatchObject({
    failure: 'timeout',
    message: 'slow.example sends too slowly: 7 bytes in 70 s',
  });
});

test('a slow line, a small body that comes late, and a slow reader are no drip', async () => {
  expect(await read(times(1000, 1000, 512))).toBe(512_000);
  expect(await read(times(1, 59_000, 1))).toBe(1);
  expect(await read(times(100, 10, 1), 1_000_000)).toBe(100);
});

test('whatever brings 16 KiB a minute passes', async () => {
  const chunk = fc.record({
    ms: fc.integer({ min: 0, max: 30_000 }),
    size: fc.integer({ min: 16 * 1024, max: 1 << 20 }),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(chunk), async (chunks) => {
      expect(await read(chunks)).toBe(chunks.reduce((sum, { size }) => sum + size, 0));
    }),
  );
});
