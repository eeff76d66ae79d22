import { once } from 'node:events';
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
  if (kind === 'gzip') return through(source, zlib.createGunzip({ chunkSize: CHUNK }), signal);
  const native = kind === 'zstd' ? nativeZstd() : undefined;
  if (native !== undefined) return through(source, native, signal);
  if (filter === undefined) throw new ArchiveError('unsupported', `${kind} cannot be read here`);
  return filter(PROGRAMS[kind], source, { signal });
}

const CHUNK = 256 * 1024;

/** Node has zstd from 22.15 on. */
function nativeZstd(): NodeJS.ReadWriteStream | undefined {
  const make = (zlib as { createZstdDecompress?: () => NodeJS.ReadWriteStream }).createZstdDecompress;
  return make?.();
}

/** Feeds a transform and reads it at the same time; an error of either side ends both. */
async function* through(
  source: AsyncIterable<Uint8Array>,
  transform: NodeJS.ReadWriteStream,
  signal: AbortSignal,
): AsyncIterable<Uint8Array> {
  const failed: { error?: unknown } = {};
  const feeding = (async () => {
    for await (const chunk of source) {
      signal.throwIfAborted();
      if (!transform.write(chunk)) await once(transform, 'drain', { signal });
    }
    transform.end();
  })().catch((error: unknown) => {
    failed.error = error;
    (transform as unknown as { destroy(error: unknown): void }).destroy(error);
  });
  try {
    for await (const chunk of transform as AsyncIterable<Uint8Array>) yield chunk;
  } catch (error) {
    signal.throwIfAborted();
    if (failed.error !== undefined && failed.error !== error) throw failed.error;
    throw new ArchiveError('not-compressed', `the compressed data is broken: ${(error as Error).message}`, {
      cause: error,
    });
  }
  await feeding;
  if (failed.error !== undefined) throw failed.error;
}
