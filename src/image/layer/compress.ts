import { createHash } from 'node:crypto';
import { readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { open, rm } from 'node:fs/promises';
import type { Transform } from 'node:stream';
import * as zlib from 'node:zlib';
import { type Digest, digestOf, parseDigest } from '../../../cache/index.ts';
import { ArchiveError, type Filter, through } from '../archive/index.ts';
import { crc32 } from './crc32.ts';
import { CHUNK, deflateChunk, deflateChunkNow, WINDOW } from './deflate.ts';
import type { DeflateAhead } from './deflate-ahead.ts';

export interface CompressOptions {
  readonly algorithm: 'gzip' | 'zstd' | 'none';
  readonly level: number;
  readonly destPath: string;
  readonly signal: AbortSignal;
  /** For zstd where this Node has none. */
  readonly filter?: Filter | undefined;
  /** Chunks in work at a time; changes nothing in the result. */
  readonly concurrency?: number;
  /** Of the same tar; used for gzip of its level. */
  readonly ahead?: DeflateAhead | undefined;
}

export interface CompressedLayer {
  readonly digest: Digest;
  readonly size: number;
}

const CONCURRENCY = 8;
const GZIP_HEADER = Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff]);
/** An empty last block: ends the deflate stream after the synced chunks. */
const DEFLATE_END = Buffer.from([0x03, 0x00]);

/**
 * Compresses a layer's tar. gzip is cut into chunks of 1 MiB that are deflated in Node's thread pool, each with the 32 KiB before it as
 * dictionary, and joined to one member: as pigz does it, with the same bytes for any number of threads. On error nothing is left.
 */
export async function compressLayer(tarPath: string, options: CompressOptions): Promise<CompressedLayer> {
  if (options.algorithm === 'gzip' && statSync(tarPath).size <= SMALL) return gzipNow(tarPath, options);
  const source = await open(tarPath, 'r');
  try {
    const dest = await open(options.destPath, 'wx', 0o600);
    const hash = createHash('sha256');
    let size = 0;
    try {
      for await (const part of compressed(source, options)) {
        hash.update(part);
        size += part.length;
        await dest.writeFile(part);
      }
    } catch (error) {
      await rm(options.destPath, { force: true });
      throw error;
    } finally {
      await dest.close();
    }
    return { digest: parseDigest(`sha256:${hash.digest('hex')}`), size };
  } finally {
    await source.close();
  }
}

/** Of a tar: deflating it takes less than handing it to another thread, and opening files there. */
const SMALL = 64 * 1024;

function gzipNow(tarPath: string, { level, destPath, signal }: CompressOptions): CompressedLayer {
  signal.throwIfAborted();
  const tar = readFileSync(tarPath);
  const deflated = tar.length === 0 ? tar : deflateChunkNow(tar, level);
  const bytes = Buffer.concat([GZIP_HEADER, deflated, gzipEnd(crc32(tar, 0), tar.length)]);
  try {
    writeFileSync(destPath, bytes, { flag: 'wx', mode: 0o600 });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') rmSync(destPath, { force: true });
    throw error;
  }
  return { digest: digestOf(bytes), size: bytes.length };
}

type Source = Awaited<ReturnType<typeof open>>;

function compressed(source: Source, options: CompressOptions): AsyncIterable<Uint8Array> {
  switch (options.algorithm) {
    case 'none':
      return chunksOf(source, options);
    case 'gzip':
      return gzip(source, options);
    case 'zstd':
      return zstd(chunksOf(source, options), options);
  }
}

interface Reading {
  /** In bytes of the tar. */
  readonly from: number;
  /** Takes the number of a chunk. */
  readonly bufferFor: (index: number) => Buffer;
}

const ALL: Reading = { from: 0, bufferFor: () => Buffer.allocUnsafe(CHUNK) };

async function* chunksOf(
  source: Source,
  { signal }: CompressOptions,
  { from, bufferFor }: Reading = ALL,
): AsyncIterable<Buffer> {
  for (let position = from, index = 0; ; index += 1) {
    signal.throwIfAborted();
    const buffer = bufferFor(index);
    let filled = 0;
    while (filled < CHUNK) {
      const { bytesRead } = await source.read(buffer, filled, CHUNK - filled, position + filled);
      if (bytesRead === 0) break;
      filled += bytesRead;
    }
    if (filled === 0) return;
    position += filled;
    yield buffer.subarray(0, filled);
    if (filled < CHUNK) return;
  }
}

const START: Pick<DeflateAhead, 'crc' | 'size' | 'before'> = { crc: 0, size: 0, before: undefined };

async function* gzip(source: Source, options: CompressOptions): AsyncIterable<Uint8Array> {
  const { level, concurrency = CONCURRENCY } = options;
  const ahead = options.ahead?.level === level ? options.ahead : undefined;
  yield GZIP_HEADER;
  let { crc, size, before } = ahead ?? START;
  for (const part of ahead?.parts ?? []) yield await part;
  const working: Promise<Buffer>[] = [];
  // those in work, the dictionary of the first of them, and the one that is read; more memory outside of its heap would make V8 look for garbage
  const buffers: Buffer[] = [];
  const bufferFor = (index: number): Buffer => (buffers[index % (concurrency + 1)] ??= Buffer.allocUnsafeSlow(CHUNK));
  for await (const chunk of chunksOf(source, options, { from: size, bufferFor })) {
    crc = crc32(chunk, crc);
    size += chunk.length;
    working.push(deflateChunk(chunk, before, level));
    before = chunk.subarray(Math.max(0, chunk.length - WINDOW));
    if (working.length >= concurrency) yield await (working.shift() as Promise<Buffer>);
  }
  for (const one of working) yield await one;
  yield gzipEnd(crc, size);
}

/** @param crc, size of what was deflated */
function gzipEnd(crc: number, size: number): Buffer {
  const trailer = Buffer.alloc(8);
  trailer.writeUInt32LE(crc >>> 0, 0);
  trailer.writeUInt32LE(size % 2 ** 32, 4);
  return Buffer.concat([DEFLATE_END, trailer]);
}

/** One frame, one thread: bytes depend on nothing but the level and the version of libzstd. Node has it from 22.15 on. */
function zstd(chunks: AsyncIterable<Buffer>, { level, signal, filter }: CompressOptions): AsyncIterable<Uint8Array> {
  const make = (zlib as { createZstdCompress?: (options: object) => Transform }).createZstdCompress;
  const parameter = (zlib.constants as { readonly [name: string]: number })['ZSTD_c_compressionLevel'];
  if (make !== undefined && parameter !== undefined)
    return through(chunks, make({ params: { [parameter]: level } }), { signal });
  if (filter === undefined) throw new ArchiveError('unsupported', 'zstd cannot be written here');
  return filter(zstdProgram(level), chunks, { signal });
}

const DEFAULT_ZSTD_LEVEL = 3;
const ULTRA_LEVEL = 20;

/** As the library writes it: one thread, no checksum. */
function zstdProgram(level: number): readonly string[] {
  const wanted = level === 0 ? DEFAULT_ZSTD_LEVEL : level;
  return ['zstd', '-cq', '--single-thread', '--no-check', ...(wanted >= ULTRA_LEVEL ? ['--ultra'] : []), `-${wanted}`];
}
