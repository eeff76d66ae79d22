import { createReadStream } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { setImmediate as breathe } from 'node:timers/promises';
import { copyFileRange } from '../host/sys/index.ts';
import type { StoredFile } from '../image/archive/index.ts';

/** Bytes, or a file of the store whose bytes come here. */
export type Piece = Uint8Array | StoredFile;

const CHUNK = 1024 * 1024;
/** Some milliseconds, so that an abort is heard. */
const RANGE = 16 * 1024 * 1024;

/** For what is no file, and takes bytes alone. Files are opened when they are read, not before. */
export async function* bytesOf(pieces: AsyncIterable<Piece>): AsyncGenerator<Uint8Array> {
  for await (const piece of pieces) {
    if (piece instanceof Uint8Array) yield piece;
    else yield* createReadStream(piece.path, { highWaterMark: CHUNK });
  }
}

/**
 * Appends to a file. A file of the store is copied inside the kernel where that can be done, else through memory, a chunk at a time.
 * @returns bytes written
 * @throws Error when a file of the store is shorter than it should be
 */
export async function writePieces(
  pieces: AsyncIterable<Piece>,
  file: FileHandle,
  { signal }: { readonly signal: AbortSignal },
): Promise<number> {
  let size = 0;
  for await (const piece of pieces) {
    signal.throwIfAborted();
    if (piece instanceof Uint8Array) await file.writeFile(piece);
    else await copyStored(piece, file, signal);
    size += piece instanceof Uint8Array ? piece.length : piece.size;
  }
  return size;
}

async function copyStored({ path, size }: StoredFile, to: FileHandle, signal: AbortSignal): Promise<void> {
  await using from = await open(path, 'r');
  let left = size;
  while (left > 0) {
    signal.throwIfAborted();
    const copied = copyFileRange(from.fd, to.fd, Math.min(left, RANGE)) ?? (await copyChunk(from, to, left));
    if (copied === 0) throw new Error(`${path} is shorter than its ${size} bytes`);
    left -= copied;
    await breathe();
  }
}

async function copyChunk(from: FileHandle, to: FileHandle, left: number): Promise<number> {
  const chunk = Buffer.allocUnsafe(Math.min(left, CHUNK));
  const { bytesRead } = await from.read(chunk, 0, chunk.length, null);
  await to.writeFile(chunk.subarray(0, bytesRead));
  return bytesRead;
}
