import { closeSync, copyFile } from 'node:fs';
import { constants } from 'node:os';
import { promisify } from 'node:util';
import { checked, errno, libcFunction } from './libc.ts';
import { SysError } from './sys-error.ts';

const memfdCall = libcFunction('int memfd_create(void *name, unsigned int flags)');
// The last parameter is variable in C; a fixed one is passed in the same way on Linux.
const fcntlCall = libcFunction('int fcntl(int fd, int command, int argument)');

const CLOEXEC = 1;
const ALLOW_SEALING = 2;
/** Kernels before 6.3 do not know it, and need no word. */
const EXEC = 0x10;
const F_ADD_SEALS = 1033;
/** Against further seals, shrinking, growing, writing: all that there were first, and what runtimes look for. */
const ALL_SEALS = 0xf;

/**
 * A program in memory that nobody can change any more, to be executed by this path for as long as this process lives.
 * @throws SysError, or Node's error of copying, where there is no such thing
 */
export async function sealedCopy(file: string): Promise<string> {
  const fd = memoryFile();
  try {
    const path = `/proc/self/fd/${fd}`;
    await promisify(copyFile)(file, path);
    checked(fcntlCall(fd, F_ADD_SEALS, ALL_SEALS), 'fcntl', file);
    return path;
  } catch (error) {
    closeSync(fd);
    throw error;
  }
}

function memoryFile(): number {
  const name = Buffer.from('program\0');
  const fd = memfdCall(name, CLOEXEC | ALLOW_SEALING | EXEC);
  if (fd >= 0) return fd;
  const reason = errno();
  if (reason !== constants.errno.EINVAL) throw new SysError('memfd_create', reason);
  return checked(memfdCall(name, CLOEXEC | ALLOW_SEALING), 'memfd_create');
}
