import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { fork } from '../../src/util/fork.ts';

async function* streamOf(chunks: readonly Uint8Array[], error?: Error): AsyncGenerator<Uint8Array> {
  for (const chunk of chunks) {
    await Promise.resolve();
    yield chunk;
  }
  if (error !== undefined) throw error;
}

/** Reads with pauses: so many turns before each chunk, the last again and again. */
async function read(chunks: AsyncIterable<Uint8Array>, pauses: readonly number[] = []): Promise<Buffer> {
  const all: Uint8Array[] = [];
  for await (const chunk of chunks) {
    for (let turns = pauses[all.length % Math.max(1, pauses.length)] ?? 0; turns > 0; turns -= 1) await turn();
    all.push(chunk);
  }
  return Buffer.concat(all);
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const LIMIT = 64;

test('both readers get the same bytes, however they take turns', async () => {
  const bytes = fc.array(fc.uint8Array({ maxLength: 100 }), { maxLength: 20 });
  const pauses = fc.array(fc.nat(3), { maxLength: 4 });
  await fc.assert(
    fc.asyncProperty(bytes, pauses, pauses, async (chunks, mainPauses, sidePauses) => {
      const { main, side } = fork(streamOf(chunks), LIMIT);
      const [first, second] = await Promise.all([read(main, mainPauses), read(side, sidePauses)]);
      expect(first).toEqual(Buffer.concat(chunks));
      expect(second).toEqual(first);
    }),
    { numRuns: 100 },
  );
});

describe('the main reader', () => {
  test('waits for a side that does not read', async () => {
    const { main, side } = fork(streamOf(Array.from({ length: 10 }, () => Buffer.alloc(40))), LIMIT);
    let taken = 0;
    const reading = (async () => {
      for await (const chunk of main) taken += chunk.length;
    })();
    for (let turns = 0; turns < 20; turns += 1) await turn();
    expect(taken).toBe(80);
    await Promise.all([reading, read(side)]);
    expect(taken).toBe(400);
  });

  test('goes on when the side has left, or was closed', async () => {
    for (const leave of ['left', 'closed']) {
      const { main, side, close } = fork(streamOf(Array.from({ length: 10 }, () => Buffer.alloc(40))), LIMIT);
      const leaving = (async () => {
        for await (const _ of side) break;
      })();
      if (leave === 'closed') close(new Error('enough'));
      expect((await read(main)).length).toBe(400);
      await leaving.catch(() => undefined);
    }
  });
});

describe('the side reader ends', () => {
  test('with the error of the source', async () => {
    const { main, side } = fork(streamOf([Buffer.alloc(1)], new Error('broken')), LIMIT);
    const both = await Promise.allSettled([read(main), read(side)]);
    expect(both.map((one) => one.status === 'rejected' && (one.reason as Error).message)).toEqual(['broken', 'broken']);
  });

  test('with an error when the main reader leaves', async () => {
    const { main, side } = fork(streamOf([Buffer.alloc(1), Buffer.alloc(1)]), LIMIT);
    const reading = read(side);
    reading.catch(() => undefined);
    for await (const _ of main) break;
    await expect(reading).rejects.toThrow('has left');
  });

  test('with the error it is closed with, although nobody reads main', async () => {
    const { side, close } = fork(streamOf([]), LIMIT);
    const reading = read(side);
    close(new Error('no place for it'));
    await expect(reading).rejects.toThrow('no place for it');
  });
});
