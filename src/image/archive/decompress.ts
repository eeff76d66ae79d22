import type { Transform } from 'node:stream';
import * as zlib from 'node:zlib';
import { ArchiveError } from './archive-error.ts';

export type Compression = 'gzip' | 'zstd' | 'bzip2' | 'xz' | 'none';

/** Pipes bytes through a program; this room knows no processes. */
export type Filter = (
  argv: readonly string[],
  source: AsyncIterable<Uint8Array>,
  options: { signal: AbortSignal },
) => AsyncIterable<Uint8Array>;

const MAGIC: readonly (readonly [Compression, readonly number[]])[] = [
  ['gzip', [0x1f, 0x8b]],
  ['zstd', [0x28, 0xb5, 0x2f, 0xfd]],
  ['bzip2', [0x42, 0x5a, 0x68]],
  ['xz', [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00]],
];

/** What the first bytes of something say; `none` when they are no compressed stream's. */
export function sniffCompression(head: Uint8Array): Compression {
  return MAGIC.find(([, magic]) => magic.every((byte, index) => head[index] === byte))?.[0] ?? 'none';
}

const PROGRAMS = { zstd: ['zstd', '-dcq'], bzip2: ['bzip2', '-dc'], xz: ['xz', '-dcq'] } as const;

/** @throws ArchiveError not-compressed when the bytes are not what `kind` says */
export function decompress(
  source: AsyncIterable<Uint8Array>,
  kind: Compression,
  { signal, filter }: { signal: AbortSignal; filter?: Filter | undefined },
): AsyncIterable<Uint8Array> {
  if (kind === 'none') return source;
  if (kind === 'gzip') return through(source, zlib.createGunzip(STREAMING), signal);
  const native = kind === 'zstd' ? nativeZstd() : undefined;
  if (native !== undefined) return through(source, native, signal);
  if (filter === undefined) throw new ArchiveError('unsupported', `${kind} cannot be read here`);
  return filter(PROGRAMS[kind], source, { signal });
}

const CHUNK = 1024 * 1024;
/** Room for the next chunks, so that the thread which decompresses does not wait for the one that takes them. */
const STREAMING = { chunkSize: CHUNK, readableHighWaterMark: 4 * CHUNK, writableHighWaterMark: CHUNK };
/** Sources give 16 to 64 KiB at a time; each write costs a change of threads. */
const FEED_BYTES = 512 * 1024;

/** Node has zstd from 22.15 on. */
function nativeZstd(): Transform | undefined {
  const make = (zlib as { createZstdDecompress?: (options: object) => Transform }).createZstdDecompress;
  return make?.(STREAMING);
}

/** Feeds a transform and reads it at the same time; an error of either side, an abort, and who stops reading end both. */
async function* through(
  source: AsyncIterable<Uint8Array>,
  transform: Transform,
  signal: AbortSignal,
): AsyncIterable<Uint8Array> {
  signal.throwIfAborted();
  const failed: { error?: Error } = {};
  const abort = () => transform.destroy(signal.reason as Error);
  signal.addEventListener('abort', abort, { once: true });
  const feeding = feed(source, transform).catch((error: unknown) => {
    failed.error = error as Error;
    transform.destroy(failed.error);
  });
  try {
    for await (const chunk of transform as AsyncIterable<Uint8Array>) yield chunk;
  } catch (error) {
    signal.throwIfAborted();
    if (failed.error !== undefined) throw failed.error;
    throw new ArchiveError('not-compressed', `the compressed data is broken: ${(error as Error).message}`, {
      cause: error,
    });
  } finally {
    signal.removeEventListener('abort', abort);
    transform.destroy();
  }
  await feeding;
  if (failed.error !== undefined) throw failed.error;
}

/** Returns early when the transform is destroyed. */
async function feed(source: AsyncIterable<Uint8Array>, transform: Transform): Promise<void> {
  let pending: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of source) {
    if (transform.destroyed) return;
    pending.push(chunk);
    size += chunk.length;
    if (size < FEED_BYTES) continue;
    if (!transform.write(joined(pending))) await roomIn(transform);
    pending = [];
    size = 0;
  }
  if (!transform.destroyed) transform.end(joined(pending));
}

function joined(chunks: readonly Uint8Array[]): Uint8Array {
  const [only] = chunks;
  return only !== undefined && chunks.length === 1 ? only : Buffer.concat(chunks);
}

function roomIn(transform: Transform): Promise<void> {
  if (transform.destroyed) return Promise.resolve();
  return new Promise((resolve) => {
    const wake = () => {
      transform.off('drain', wake);
      transform.off('close', wake);
      resolve();
    };
    transform.on('drain', wake);
    transform.on('close', wake);
  });
}
