import { AT_FDCWD, AT_SYMLINK_NOFOLLOW } from './at.ts';
import { checked, cString, hasLibcFunction, libcFunction, type SysPath } from './libc.ts';

const MKNOD = 'int mknod(void *path, uint32_t mode, uint64_t dev)';
const mknodCall = libcFunction(MKNOD);
/** glibc before 2.33 exports only this form. */
const xmknodCall = libcFunction('int __xmknod(int version, void *path, uint32_t mode, uint64_t *dev)');
const utimensatCall = libcFunction('int utimensat(int dirfd, void *path, void *times, int flags)');

const FILE_TYPE = { character: 0o020000, block: 0o060000, fifo: 0o010000 } as const;

/** @param mode permission bits; the process's umask is taken off it */
// eslint-disable-next-line max-params -- the system call's own shape, known from its manual page
export function mknod(path: SysPath, type: keyof typeof FILE_TYPE, mode: number, major = 0, minor = 0): void {
  const device = makedev(major, minor);
  const bits = FILE_TYPE[type] | mode;
  const result = hasLibcFunction(MKNOD)
    ? mknodCall(cString(path), bits, device)
    : xmknodCall(0, cString(path), bits, Buffer.from(BigUint64Array.of(device).buffer));
  checked(result, 'mknod', path);
}

/** glibc's and musl's encoding of a device number: the low parts where they were when it had 16 bits. */
export function makedev(major: number, minor: number): bigint {
  const high = BigInt(major >>> 0);
  const low = BigInt(minor >>> 0);
  return ((high & 0xfffff000n) << 32n) | ((high & 0xfffn) << 8n) | ((low & 0xffffff00n) << 12n) | (low & 0xffn);
}

/**
 * Sets mtime, and atime to the same; of a symlink itself.
 * @param sec may be negative @param nsec 0 to 999,999,999
 */
export function setMtime(path: SysPath, sec: number, nsec: number): void {
  const times = BigInt64Array.of(BigInt(sec), BigInt(nsec), BigInt(sec), BigInt(nsec));
  const result = utimensatCall(AT_FDCWD, cString(path), new Uint8Array(times.buffer), AT_SYMLINK_NOFOLLOW);
  checked(result, 'utimensat', path);
}
