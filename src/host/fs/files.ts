import {
  type BigIntStats,
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  openSync,
  readdirSync,
  readlinkSync,
  readSync,
} from 'node:fs';

/** What tells one state of a file from another: see the stat index. */
export interface FileStat {
  readonly dev: bigint;
  readonly ino: bigint;
  readonly size: bigint;
  readonly mtimeNs: bigint;
  readonly ctimeNs: bigint;
  /** Type and permission bits, as st_mode. */
  readonly mode: bigint;
  readonly nlink: bigint;
  readonly rdev: bigint;
}

/** A file was not the same after it had been read as before. */
export class FileChanged extends Error {
  override readonly name = 'FileChanged';
}

/** undefined when there is nothing of that name, or a parent is no directory. */
export function statFile(path: Buffer): FileStat | undefined {
  try {
    return lstatSync(path, { bigint: true });
  } catch (error) {
    if (isErrno(error, 'ENOENT') || isErrno(error, 'ENOTDIR')) return undefined;
    throw error;
  }
}

/** Names as latin1, in code unit order, which is byte order. */
export function listDirectory(path: Buffer): string[] {
  return readdirSync(path, { encoding: 'latin1' }).sort();
}

/** The target as latin1. */
export function readLink(path: Buffer): string {
  return readlinkSync(path, { encoding: 'latin1' });
}

const CHUNK = 1 << 18;
const shared = Buffer.allocUnsafe(CHUNK);

/**
 * Reads a regular file in chunks that are valid until `sink` returns; they add up to the expected size. Never follows a
 * symlink or waits for a fifo.
 * @returns whether it was, to the end, the file that `expected` tells
 * @throws FileChanged when its size is another one
 */
export function readFileChunks(path: Buffer, expected: FileStat, sink: (chunk: Uint8Array) => void): boolean {
  const fd = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    let left = Number(expected.size);
    while (left > 0) {
      const count = readSync(fd, shared, 0, Math.min(CHUNK, left), null);
      if (count === 0) throw new FileChanged('the file became shorter while it was read');
      left -= count;
      sink(shared.subarray(0, count));
    }
    const after = fstatSync(fd, { bigint: true });
    if (after.size !== expected.size) throw new FileChanged('the file became longer while it was read');
    return isSame(after, expected);
  } finally {
    closeSync(fd);
  }
}

export function isErrno(error: unknown, code: string): error is NodeJS.ErrnoException {
  return error instanceof Error && (error as NodeJS.ErrnoException).code === code;
}

function isSame(a: BigIntStats, b: FileStat): boolean {
  return a.ino === b.ino && a.dev === b.dev && a.size === b.size && a.mtimeNs === b.mtimeNs && a.ctimeNs === b.ctimeNs;
}
