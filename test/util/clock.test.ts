import { expect, test } from 'vitest';
import { monotonicMs } from '../../src/util/clock.ts';

test('durations are counted from the start of the process: what went before the first line is known', () => {
  expect(Math.abs(monotonicMs() - performance.now())).toBeLessThan(1000);
});
