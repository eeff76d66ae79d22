import type { FileHandle } from 'node:fs/promises';
import { crc32 } from './crc32.ts';
import { CHUNK, type ChunkSource, deflateChunk, deflateChunkNow, endOf } from './deflate.ts';
import { DeflateAhead } from './deflate-ahead.ts';
import type { KnownChunks } from './known-chunks.ts';

export interface GzipOptions {
  readonly level: number;
  readonly signal: AbortSignal;
  /** Chunks in work at a time; changes nothing in the result. */
  readonly concurrency?: number;
  /** Of the same tar; used when it is of that level. */
  readonly ahead?: DeflateAhead | undefined;
  /** Of files that the tar may hold. */
  readonly known?: KnownChunks | undefined;
}

const CONCURRENCY = 8;
const GZIP_HEADER = Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff]);
/** An empty last block: ends the deflate stream after the synced chunks. */
const DEFLATE_END = Buffer.from([0x03, 0x00]);

/**
 * A tar is cut into chunks of 1 MiB at most (TarCuts), which are deflated in Node's thread pool, each with the 32 KiB before it as dictionary, and
 * joined to one member: as pigz does it, with the same bytes for any number of threads. A large file's first chunk has no dictionary.
 */
export async function* gzip(source: FileHandle, options: GzipOptions): AsyncIterable<Uint8Array> {
  const { level, known, concurrency = CONCURRENCY } = options;
  const ahead = options.ahead?.level === level ? options.ahead : new DeflateAhead(level);
  yield GZIP_HEADER;
  let { crc, size } = ahead;
  for (const part of ahead.parts) yield await part;
  const working: Promise<Buffer>[] = [];
  for await (const { isInFile, ...from } of chunksBehind(ahead, { source, ...options, concurrency })) {
    crc = crc32(from.chunk, crc);
    size += from.chunk.length;
    const found = isInFile ? known?.find(from) : undefined;
    working.push(found?.catch(() => deflateChunk(from)) ?? deflateChunk(from));
    if (working.length >= concurrency) yield await (working.shift() as Promise<Buffer>);
  }
  for (const one of working) yield await one;
  yield gzipEnd(crc, size);
}

interface TarChunk extends ChunkSource {
  readonly isInFile: boolean;
}

interface Chunking extends Pick<GzipOptions, 'level' | 'signal'> {
  readonly source: FileHandle;
  readonly concurrency: number;
}

/** Their memory is used again for the one that comes `concurrency` and one later. */
async function* chunksBehind(ahead: DeflateAhead, how: Chunking): AsyncIterable<TarChunk> {
  const { source, level, signal, concurrency } = how;
  let { size: position, before } = ahead;
  const cuts = ahead.cuts.copy();
  // those in work, the dictionary of the first of them, and the one that is read; more memory outside of its heap would make V8 look for garbage
  const buffers: Buffer[] = [];
  for (let index = 0; ; index = (index + 1) % (concurrency + 1)) {
    signal.throwIfAborted();
    const buffer = buffers[index] ?? Buffer.allocUnsafeSlow(CHUNK);
    buffers[index] = buffer;
    const { isAtStart, fileLeft } = cuts;
    const read = await readFull(source, buffer.subarray(0, fileLeft || CHUNK), position);
    if (read.length === 0) return;
    const chunk = read.subarray(0, cuts.take(read));
    yield { chunk, before: isAtStart ? undefined : before, level, isInFile: fileLeft > 0 };
    position += chunk.length;
    before = endOf(chunk);
  }
}

/** The same for a tar in which there is no large file. */
export function gzipNow(tar: Buffer, level: number): Buffer {
  const deflated = tar.length === 0 ? tar : deflateChunkNow({ chunk: tar, before: undefined, level });
  return Buffer.concat([GZIP_HEADER, deflated, gzipEnd(crc32(tar, 0), tar.length)]);
}

/** @param crc, size of what was deflated */
function gzipEnd(crc: number, size: number): Buffer {
  const trailer = Buffer.alloc(8);
  trailer.writeUInt32LE(crc >>> 0, 0);
  trailer.writeUInt32LE(size % 2 ** 32, 4);
  return Buffer.concat([DEFLATE_END, trailer]);
}

/** @returns the part of the buffer that the file fills, from there on */
export async function readFull(source: FileHandle, buffer: Buffer, position: number): Promise<Buffer> {
  let filled = 0;
  while (filled < buffer.length) {
    const { bytesRead } = await source.read(buffer, filled, buffer.length - filled, position + filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return buffer.subarray(0, filled);
}
