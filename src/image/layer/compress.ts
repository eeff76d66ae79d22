import { createHash } from 'node:crypto';
import { readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { type FileHandle, open, rm } from 'node:fs/promises';
import type { Transform } from 'node:stream';
import * as zlib from 'node:zlib';
import { type Digest, digestOf, digestOfHash } from '../../../cache/index.ts';
import { ArchiveError, type Filter, through } from '../archive/index.ts';
import { CHUNK } from './deflate.ts';
import { type GzipOptions, gzip, gzipNow, readFull } from './gzip.ts';

export interface CompressOptions extends GzipOptions {
  readonly algorithm: 'gzip' | 'zstd' | 'none';
  readonly destPath: string;
  /** For zstd where this Node has none. */
  readonly filter?: Filter | undefined;
}

export interface CompressedLayer {
  readonly digest: Digest;
  readonly size: number;
}

/** Compresses a layer's tar: with the same bytes for any number of threads. On error nothing is left. */
export async function compressLayer(tarPath: string, options: CompressOptions): Promise<CompressedLayer> {
  if (options.algorithm === 'gzip' && statSync(tarPath).size <= SMALL) return compressedNow(tarPath, options);
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
    return { digest: digestOfHash(hash), size };
  } finally {
    await source.close();
  }
}

/** Of a tar: deflating it takes less than handing it to another thread, and opening files there. */
const SMALL = 64 * 1024;

function compressedNow(tarPath: string, { level, destPath, signal }: CompressOptions): CompressedLayer {
  signal.throwIfAborted();
  const bytes = gzipNow(readFileSync(tarPath), level);
  try {
    writeFileSync(destPath, bytes, { flag: 'wx', mode: 0o600 });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') rmSync(destPath, { force: true });
    throw error;
  }
  return { digest: digestOf(bytes), size: bytes.length };
}

function compressed(source: FileHandle, options: CompressOptions): AsyncIterable<Uint8Array> {
  switch (options.algorithm) {
    case 'none':
      return chunksOf(source, options);
    case 'gzip':
      return gzip(source, options);
    case 'zstd':
      return zstd(chunksOf(source, options), options);
  }
}

async function* chunksOf(source: FileHandle, { signal }: CompressOptions): AsyncIterable<Buffer> {
  for (let position = 0; ; ) {
    signal.throwIfAborted();
    const chunk = await readFull(source, Buffer.allocUnsafe(CHUNK), position);
    if (chunk.length === 0) return;
    position += chunk.length;
    yield chunk;
  }
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
