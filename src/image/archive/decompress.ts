import type { Transform } from 'node:stream';
import * as zlib from 'node:zlib';
import { ArchiveError } from './archive-error.ts';
import { through } from './through.ts';

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
  if (isSkippable(head)) return 'zstd';
  return MAGIC.find(([, magic]) => magic.every((byte, index) => head[index] === byte))?.[0] ?? 'none';
}

/** zstd's own frame of other data, which pzstd begins with: 0x184D2A50 to 0x184D2A5F. */
function isSkippable(head: Uint8Array): boolean {
  return ((head[0] ?? 0) & 0xf0) === 0x50 && head[1] === 0x2a && head[2] === 0x4d && head[3] === 0x18;
}

const PROGRAMS = { zstd: ['zstd', '-dcq'], bzip2: ['bzip2', '-dc'], xz: ['xz', '-dcq'] } as const;

/** @throws ArchiveError not-compressed when the bytes are not what `kind` says */
export function decompress(
  source: AsyncIterable<Uint8Array>,
  kind: Compression,
  { signal, filter }: { signal: AbortSignal; filter?: Filter | undefined },
): AsyncIterable<Uint8Array> {
  if (kind === 'none') return source;
  if (kind === 'gzip') return through(source, zlib.createGunzip(STREAMING), { signal, asError: broken });
  const native = kind === 'zstd' ? nativeZstd() : undefined;
  if (native !== undefined) return through(source, native, { signal, asError: broken });
  if (filter === undefined) throw new ArchiveError('unsupported', `${kind} cannot be read here`);
  return filter(PROGRAMS[kind], source, { signal });
}

const CHUNK = 1024 * 1024;
/** Room for the next chunks, so that the thread which decompresses does not wait for the one that takes them. */
const STREAMING = { chunkSize: CHUNK, readableHighWaterMark: 4 * CHUNK, writableHighWaterMark: CHUNK };

/** Node has zstd from 22.15 on. */
function nativeZstd(): Transform | undefined {
  const make = (zlib as { createZstdDecompress?: (options: object) => Transform }).createZstdDecompress;
  return make?.(STREAMING);
}

function broken(error: Error): ArchiveError {
  return new ArchiveError('not-compressed', `the compressed data is broken: ${error.message}`, { cause: error });
}
