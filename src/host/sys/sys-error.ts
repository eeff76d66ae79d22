import { getSystemErrorName } from 'node:util';

/** A libc call that failed; shaped as Node's own errors of fs calls are. */
export class SysError extends Error {
  override readonly name = 'SysError';
  /** `ENOENT` and so on. */
  readonly code: string;
  readonly errno: number;
  readonly syscall: string;

  constructor(syscall: string, errno: number, subject?: string) {
    const code = nameOf(errno);
    super(`${code}: ${syscall}${subject === undefined ? '' : ` '${subject}'`}`);
    this.code = code;
    this.errno = errno;
    this.syscall = syscall;
  }
}

function nameOf(errno: number): string {
  try {
    return getSystemErrorName(-errno);
  } catch {
    return `E${errno}`;
  }
}
