import { expect, test } from 'vitest';
import { eachAtMost } from '../../src/util/each-at-most.ts';

const { signal } = new AbortController();
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test('every item is done, and never more than so many at a time', async () => {
  const done: number[] = [];
  let running = 0;
  let most = 0;
  await eachAtMost(2, [1, 2, 3, 4, 5], {
    signal,
    work: async (item) => {
      most = Math.max(most, ++running);
      await turn();
      running--;
      done.push(item);
    },
  });
  expect(done.sort()).toEqual([1, 2, 3, 4, 5]);
  expect(most).toBe(2);
});

test('the first failure stops the others, waits for them, and is thrown', async () => {
  const failure = new Error('first');
  const stopped: unknown[] = [];
  const started: number[] = [];
  const work = async (item: number, inner: AbortSignal): Promise<void> => {
    started.push(item);
    if (item === 1) throw failure;
    while (!inner.aborted) await turn();
    stopped.push(inner.reason);
  };
  await expect(eachAtMost(2, [1, 2, 3], { signal, work })).rejects.toBe(failure);
  expect(started).toEqual([1, 2]);
  expect(stopped).toEqual([failure]);
});

test('an abort starts nothing more', async () => {
  const reason = new Error('stop');
  await expect(eachAtMost(1, [1], { signal: AbortSignal.abort(reason), work: () => Promise.resolve() })).rejects.toBe(
    reason,
  );
});
