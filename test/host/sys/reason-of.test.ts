import { constants } from 'node:os';
import { expect, test } from 'vitest';
import { reasonOf } from '../../../src/host/sys/libc.ts';

const { EACCES, ENODATA, ENOMEM, EIO } = constants.errno;
const USUAL = new Set([ENODATA]);

/** A call that failed, and is made again with these results; errno as it is after each. */
function told(reasons: readonly number[], results: readonly number[] = []): { reason: number; calls: number } {
  let calls = 0;
  let looks = 0;
  const reason = reasonOf(
    () => results[calls++] ?? -1,
    USUAL,
    () => reasons[looks++] ?? 0,
  );
  return { reason, calls };
}

test('what is usual is believed at once', () => {
  expect(told([ENODATA])).toEqual({ reason: ENODATA, calls: 0 });
});

test('what is not is believed when it is told twice', () => {
  expect(told([EACCES, EACCES])).toEqual({ reason: EACCES, calls: 1 });
});

test('what something else left in errno is not', () => {
  expect(told([ENOMEM, ENODATA])).toEqual({ reason: ENODATA, calls: 1 });
  expect(told([ENOMEM, EIO, EIO])).toEqual({ reason: EIO, calls: 2 });
});

test('a call that succeeds then has no reason', () => {
  expect(told([ENOMEM], [5])).toEqual({ reason: 0, calls: 1 });
});
