import { constants } from 'node:os';
import { libcFunction, resultOf } from './libc.ts';
import { SysError } from './sys-error.ts';

const copyFileRangeCall = libcFunction(
  'long copy_file_range(int from, void* fromOffset, int to, void* toOffset, size_t length, unsigned int flags)',
);

/** What says that the kernel or a file system cannot do it, rather than that it went wrong. */
const CANNOT = new Set([
  constants.errno.ENOSYS,
  constants.errno.EXDEV,
  constants.errno.EINVAL,
  constants.errno.EOPNOTSUPP,
  constants.errno.EPERM,
  constants.errno.EBADF,
]);

const USUAL = new Set([...CANNOT, constants.errno.EINTR]);

/**
 * Copies up to so many bytes from where one open file stands to where another does, inside the kernel; both move on.
 * @returns how many; 0 at the end; undefined where it cannot be done, and nothing moved
 * @throws SysError
 */
export function copyFileRange(from: number, to: number, length: number): number | undefined {
  for (;;) {
    // One that fails has moved nothing.
    const copied = resultOf(() => copyFileRangeCall(from, null, to, null, length, 0), USUAL);
    if (copied >= 0) return copied;
    if (CANNOT.has(-copied)) return undefined;
    if (-copied !== constants.errno.EINTR) throw new SysError('copy_file_range', -copied);
  }
}
