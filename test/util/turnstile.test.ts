import { expect, test } from 'vitest';
import { makeTurnstile } from '../../src/util/turnstile.ts';

test('no more than its places are taken at a time, in order, and what fails gives its place back', async () => {
  const inTurn = makeTurnstile(2);
  const begun: number[] = [];
  const ends: (() => void)[] = [];
  const works = [0, 1, 2, 3].map((number) =>
    inTurn(async () => {
      begun.push(number);
      await new Promise<void>((resolve) => ends.push(resolve));
      if (number === 0) throw new Error('failed');
      return number;
    }),
  );
  const settled = Promise.allSettled(works);
  const seen: number[][] = [];
  for (let ended = 0; ended < works.length; ended += 1) {
    await new Promise((resolve) => setImmediate(resolve));
    seen.push([...begun]);
    ends[ended]?.();
  }
  expect(seen).toEqual([
    [0, 1],
    [0, 1, 2],
    [0, 1, 2, 3],
    [0, 1, 2, 3],
  ]);
  expect((await settled).map(({ status }) => status)).toEqual(['rejected', 'fulfilled', 'fulfilled', 'fulfilled']);
});
