import { createReadStream, readFileSync } from 'node:fs';
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
 * Appends to a file. What is small is gathered, for a call of the kernel costs as much as some kilobytes; a large file of the store is copied
 * inside the kernel where that can be done, else through memory, a chunk at a time.
 * @returns bytes written
 * @throws Error when a file of the store is shorter than it should be
 */
export async function writePieces(
  pieces: AsyncIterable<Piece>,
  file: FileHandle,
  { signal }: { readonly signal: AbortSignal },
): Promise<number> {
  const gathered = new Gathered(file);
  let size = 0;
  for await (const piece of pieces) {
    signal.throwIfAborted();
    if (piece instanceof Uint8Array) await gathered.add(piece);
    else if (piece.size <= SMALL) await gathered.add(wholeOf(piece));
    else {
      await gathered.write();
      await copyStored(piece, file, signal);
    }
    size += piece instanceof Uint8Array ? piece.length : piece.size;
  }
  await gathered.write();
  return size;
}

const SMALL = 64 * 1024;

function wholeOf({ path, size }: StoredFile): Uint8Array {
  const bytes = readFileSync(path);
  if (bytes.length < size) throw tooShort({ path, size });
  return bytes.subarray(0, size);
}

function tooShort({ path, size }: StoredFile): Error {
  return new Error(`${path} is shorter than its ${size} bytes`);
}

/** Bytes on their way to a file, copied when they come: whoever gave them may use the memory again. */
class Gathered {
  readonly #file: FileHandle;
  readonly #bytes = Buffer.allocUnsafe(CHUNK);
  #length = 0;

  constructor(file: FileHandle) {
    this.#file = file;
  }

  async add(bytes: Uint8Array): Promise<void> {
    if (this.#length + bytes.length > CHUNK) await this.write();
    if (bytes.length > CHUNK) await this.#file.writeFile(bytes);
    else {
      this.#bytes.set(bytes, this.#length);
      this.#length += bytes.length;
    }
  }

  async write(): Promise<void> {
    const length = this.#length;
    this.#length = 0;
    if (length > 0) await this.#file.writeFile(this.#bytes.subarray(0, length));
  }
}

/** Appends a file of the store. @throws Error when it is shorter than it should be */
export async function copyStored({ path, size }: StoredFile, to: FileHandle, signal: AbortSignal): Promise<void> {
  await using from = await open(path, 'r');
  let left = size;
  while (left > 0) {
    signal.throwIfAborted();
    const copied = copyFileRange(from.fd, to.fd, Math.min(left, RANGE)) ?? (await copyChunk(from, to, left));
    if (copied === 0) throw tooShort({ path, size });
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
