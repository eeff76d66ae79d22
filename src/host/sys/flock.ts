import { constants } from 'node:os';
import { libcFunction, resultOf } from './libc.ts';
import { SysError } from './sys-error.ts';

const flockCall = libcFunction('int flock(int fd, int operation)');

const OPERATION = { shared: 1, exclusive: 2, unlock: 8 } as const;
const NON_BLOCKING = 4;

/**
 * Locks the open file description of `fd`: two opens of one file exclude each other, in one process too.
 * False when it would have to wait and `nonBlocking` is set; without it the whole process waits.
 */
export function flock(
  fd: number,
  operation: keyof typeof OPERATION,
  { nonBlocking }: { nonBlocking: boolean } = { nonBlocking: false },
): boolean {
  for (;;) {
    const result = resultOf(() => flockCall(fd, OPERATION[operation] | (nonBlocking ? NON_BLOCKING : 0)), USUAL);
    if (result === 0) return true;
    if (-result === EWOULDBLOCK) return false;
    if (-result !== EINTR) throw new SysError('flock', -result);
  }
}

const { EWOULDBLOCK, EINTR } = constants.errno;
const USUAL = new Set([EWOULDBLOCK, EINTR]);
