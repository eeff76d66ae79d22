import { closeSync, openSync } from 'node:fs';
import { constants } from 'node:os';
import { checked, errno, libcFunction } from './libc.ts';
import { SysError } from './sys-error.ts';

// The last parameter is variable in C; a fixed one is passed in the same way on Linux.
const ioctlCall = libcFunction('int ioctl(int fd, unsigned long request, void *argument)');

const CONTROL = '/dev/loop-control';
const LOOP_CTL_GET_FREE = 0x4c82;
const LOOP_CONFIGURE = 0x4c0a;
/** struct loop_config, and where its fields lie. */
const CONFIG_BYTES = 304;
const BLOCK_SIZE_AT = 4;
const FLAGS_AT = 60;
const READ_ONLY = 1;
const AUTOCLEAR = 4;
/** Somebody else may take the free device first. */
const TRIES = 16;

export interface LoopDevice {
  readonly path: string;
  /** Whoever mounted the device keeps it; it goes with the last one. */
  close(): void;
}

/** A file as a read-only block device. @throws SysError, or Node's error of open */
export function attachLoop(file: string, blockSize: number): LoopDevice {
  const backing = openSync(file, 'r');
  try {
    for (let left = TRIES; left > 0; left -= 1) {
      const device = configured(`/dev/loop${freeLoop()}`, { backing, blockSize });
      if (device !== undefined) return device;
    }
    throw new SysError('ioctl', constants.errno.EBUSY, CONTROL);
  } finally {
    closeSync(backing);
  }
}

/** Number of a loop device that nobody uses; the kernel makes it if there is none. */
export function freeLoop(): number {
  const control = openSync(CONTROL, 'r+');
  try {
    return checked(ioctlCall(control, LOOP_CTL_GET_FREE, null), 'ioctl', CONTROL);
  } finally {
    closeSync(control);
  }
}

function configured(
  path: string,
  { backing, blockSize }: { backing: number; blockSize: number },
): LoopDevice | undefined {
  const config = Buffer.alloc(CONFIG_BYTES);
  config.writeUInt32LE(backing, 0);
  config.writeUInt32LE(blockSize, BLOCK_SIZE_AT);
  config.writeUInt32LE(READ_ONLY | AUTOCLEAR, FLAGS_AT);
  const fd = openSync(path, 'r');
  if (ioctlCall(fd, LOOP_CONFIGURE, config) === 0) return { path, close: () => closeSync(fd) };
  const reason = errno();
  closeSync(fd);
  if (reason === constants.errno.EBUSY) return undefined;
  throw new SysError('ioctl', reason, path);
}
