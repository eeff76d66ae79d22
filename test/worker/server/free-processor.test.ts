import { expect, test } from 'vitest';
import { freeProcessor, isEachTaken } from '../../../src/worker/server/free-processor.ts';

test.each([
  ['nobody else runs', '0.00 0.01 0.05 1/250 4711\n', 2, false],
  ['one of two is taken', '1.50 0.90 0.50 2/250 4711\n', 2, false],
  ['both are', '3.10 2.00 1.00 3/250 4711\n', 2, true],
  ['the only one is', '1.00 1.00 1.00 2/90 12\n', 1, true],
  ['nothing is known', '', 1, false],
])('%s', (_, load, processors, isTaken) => {
  expect(isEachTaken(load, processors)).toBe(isTaken);
});

test('a busy machine holds it up for a second or so, and no longer', async () => {
  await freeProcessor(new AbortController().signal);
});
