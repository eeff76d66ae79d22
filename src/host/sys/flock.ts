import { constants } from 'node:os';
import { errno, libcFunction } from './libc.ts';
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
    if (flockCall(fd, OPERATION[operation] | (nonBlocking ? NON_BLOCKING : 0)) === 0) return true;
    const reason = errno();
    if (reason === constants.errno.EWOULDBLOCK) return false;
    if (reason !== constants.errno.EINTR) throw new SysError('flock', reason);
  }
}
