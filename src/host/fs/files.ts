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
  statSync,
} from 'node:fs';
import { fstatx, hasStatx, statx, statxText } from '../sys/index.ts';
import { FileStat } from './file-stat.ts';

/** A file was not the same after it had been read as before. */
export class FileChanged extends Error {
  override readonly name = 'FileChanged';
}

/** Of more files than that it pays to load what calls libc. */
const FEW = 200;
let looks = 0;
let isStatxThere: boolean | undefined;

function usesStatx(): boolean {
  if (looks < FEW) return false;
  isStatxThere ??= hasStatx();
  return isStatxThere;
}

/** @returns false when there is nothing of that name, or a parent is no directory */
export function statFile(path: Buffer, into: FileStat): boolean {
  looks += 1;
  return usesStatx() ? fromStatx(statx(path), into) : fromLstat(path, into);
}

/** As `statFile`, of the first bytes of a buffer that has a NUL behind them: for many paths one after the other. */
export function statText(text: Buffer, length: number, into: FileStat): boolean {
  looks += 1;
  return usesStatx() ? fromStatx(statxText(text), into) : fromLstat(text.subarray(0, length), into);
}

function fromStatx(found: Uint32Array | undefined, into: FileStat): boolean {
  return found !== undefined && into.fromStatx(found) === into;
}

function fromLstat(path: Buffer, into: FileStat): boolean {
  try {
    into.fromNode(lstatSync(path, { bigint: true }));
    return true;
  } catch (error) {
    if (isErrno(error, 'ENOENT') || isErrno(error, 'ENOTDIR')) return false;
    throw error;
  }
}

function statOpen(fd: number, into: FileStat): FileStat {
  return usesStatx() ? into.fromStatx(fstatx(fd)) : into.fromNode(fstatSync(fd, { bigint: true }));
}

const UNSEEN = ['ENOENT', 'ENOTDIR', 'EACCES', 'ELOOP', 'ENAMETOOLONG'];

/** What a path leads to; undefined where there is nothing, or nothing that this user can see. */
export function statIfThere(path: string): BigIntStats | undefined {
  try {
    return statSync(path, { bigint: true });
  } catch (error) {
    if (UNSEEN.some((code) => isErrno(error, code))) return undefined;
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
const after = new FileStat();

type Sink = (chunk: Uint8Array) => void;

/**
 * Reads a regular file in chunks that are valid until `sink` returns; they add up to the expected size. Never follows a
 * symlink or waits for a fifo.
 * @throws FileChanged when its size is another one
 */
export function readFileChunks(path: Buffer, expected: FileStat, sink: Sink): void {
  const fd = openToRead(path);
  try {
    readOpen(fd, expected, sink);
  } finally {
    closeSync(fd);
  }
}

/** The same. @returns whether it was, to the end, the file that `expected` tells @throws FileChanged */
export function readFileIfSame(path: Buffer, expected: FileStat, sink: Sink): boolean {
  const fd = openToRead(path);
  try {
    readOpen(fd, expected, sink);
    return statOpen(fd, after).isSame(expected);
  } finally {
    closeSync(fd);
  }
}

function openToRead(path: Buffer): number {
  return openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
}

/** Asks for a byte more than there should be: what comes short of that is the end, and needs no other call to tell. */
function readOpen(fd: number, { size }: FileStat, sink: Sink): void {
  for (let left = size; ; ) {
    const wanted = Math.min(CHUNK, left + 1);
    const count = readSync(fd, shared, 0, wanted, null);
    if (count > left) throw new FileChanged('the file became longer while it was read');
    if (count === 0 && left > 0) throw new FileChanged('the file became shorter while it was read');
    left -= count;
    if (count > 0) sink(shared.subarray(0, count));
    if (left === 0 && count < wanted) return;
  }
}

export function isErrno(error: unknown, code: string): error is NodeJS.ErrnoException {
  return error instanceof Error && (error as NodeJS.ErrnoException).code === code;
}
