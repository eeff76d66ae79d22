import { constants } from 'node:os';
import { expect, test } from 'vitest';
import { resultOf } from '../../../src/host/sys/libc.ts';

const { EACCES, ENODATA, ENOMEM, EIO } = constants.errno;
const USUAL = new Set([ENODATA]);

/** A call that has these results, then fails; errno as it is after each that failed. */
function told(reasons: readonly number[], results: readonly number[] = []): { result: number; calls: number } {
  let calls = 0;
  let looks = 0;
  const result = resultOf(
    () => results[calls++] ?? -1,
    USUAL,
    () => reasons[looks++] ?? 0,
  );
  return { result, calls };
}

test('a result is taken', () => {
  expect(told([], [0])).toEqual({ result: 0, calls: 1 });
  expect(told([], [5])).toEqual({ result: 5, calls: 1 });
});

test('a reason that is usual is believed at once', () => {
  expect(told([ENODATA])).toEqual({ result: -ENODATA, calls: 1 });
});

test('one that is not is believed when it is told twice', () => {
  expect(told([EACCES, EACCES])).toEqual({ result: -EACCES, calls: 2 });
});

test('what something else left in errno is not', () => {
  expect(told([ENOMEM, ENODATA])).toEqual({ result: -ENODATA, calls: 2 });
  expect(told([ENOMEM, EIO, EIO])).toEqual({ result: -EIO, calls: 3 });
});

test('a call that succeeds then has no reason', () => {
  expect(told([ENOMEM], [-1, 5])).toEqual({ result: 5, calls: 2 });
});
