import { createHash } from 'node:crypto';
import { type FileHandle, open, rm } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { type Digest, digestOf, digestOfHash, hexOf } from '../digest.ts';
import {
  moveInto,
  publishUnsynced,
  readIfThere,
  removeFile,
  shardedPath,
  sizeIfThere,
  syncInBackground,
  type TempPath,
  type Warn,
} from '../files.ts';
import { type Holds, NO_HOLDS } from '../holds.ts';

/** Blobs as they were pulled or exported, by the sha256 of their bytes. What was asked for or put is held by the store's lease. */
export interface ContentStore {
  /** Where the blob is, or would be. */
  path(digest: Digest): string;
  /** @param length in bytes; a blob of another one was torn or cut, and counts as absent. Asked without, any will do. */
  has(digest: Digest, length?: number): boolean;
  size(digest: Digest): number | undefined;
  /** Checked against the digest. Undefined when it is not here, larger than `maxBytes`, or damaged: then it is removed, too. */
  readBytes(digest: Digest, options: { maxBytes: number }): Buffer | undefined;
  /** Idempotent. What is read whole is checked then: it need not wait for the disk, and a power failure may lose it. */
  putBytes(bytes: Uint8Array): Digest;
  /**
   * Stores what the source gives, to its end. Idempotent: returning means "the blob is stored". Nothing is left of a failure.
   * @throws ContentMismatch when it is not what was expected, as soon as that is clear
   */
  put(source: AsyncIterable<Uint8Array>, options: PutOptions): Promise<{ digest: Digest; size: number }>;
  /** Takes a finished file, whose digest the caller has seen to, into the store; the file is moved. */
  adopt(tempPath: string, digest: Digest): Promise<void>;
  remove(digest: Digest): void;
}

export interface PutOptions {
  readonly expected?: { readonly digest: Digest; readonly size?: number | undefined } | undefined;
  /** All bytes have come and are what was expected; what is left is to wait for the disk. */
  readonly onVerified?: (() => void) | undefined;
  readonly signal: AbortSignal;
}

/** The bytes are not those that the digest or size names. */
export class ContentMismatch extends Error {
  override readonly name = 'ContentMismatch';
  readonly expected: string;
  readonly actual: string;

  constructor(what: 'digest' | 'size', expected: string, actual: string) {
    super(`content has the ${what} ${actual}, not ${expected}`);
    this.expected = expected;
    this.actual = actual;
  }
}

/** @param dir content/v1/sha256 of the root */
export function openContentStore(
  dir: string,
  { tempPath, onWarning, holds = NO_HOLDS }: { tempPath: TempPath; onWarning: Warn; holds?: Holds },
): ContentStore {
  const path = (digest: Digest): string => shardedPath(dir, hexOf(digest));
  const store: ContentStore = {
    path,
    has(digest, length) {
      const size = store.size(digest);
      return size !== undefined && (length === undefined || size === length);
    },
    size(digest) {
      const size = sizeIfThere(path(digest));
      if (size === undefined || holds.has(digest)) return size;
      if (!holds.hold(digest)) return undefined;
      holds.markUsed(path(digest), DAY_MS);
      return sizeIfThere(path(digest));
    },
    readBytes(digest, { maxBytes }) {
      const size = store.size(digest);
      if (size === undefined || size > maxBytes) return undefined;
      const bytes = readIfThere(path(digest));
      if (bytes === undefined || digestOf(bytes) === digest) return bytes;
      onWarning(`the blob ${digest} is damaged and was removed`);
      store.remove(digest);
      return undefined;
    },
    putBytes(bytes) {
      const digest = digestOf(bytes);
      holds.hold(digest);
      if (store.readBytes(digest, { maxBytes: bytes.length }) === undefined)
        publishUnsynced(path(digest), bytes, tempPath);
      return digest;
    },
    async put(source, options) {
      const temp = tempPath('blob');
      try {
        const written = await write(source, temp, options);
        holds.hold(written.digest);
        moveInto(temp, path(written.digest));
        return written;
      } catch (error) {
        await rm(temp, { force: true });
        throw error;
      }
    },
    async adopt(temp, digest) {
      await syncInBackground(temp);
      holds.hold(digest);
      moveInto(temp, path(digest));
    },
    remove: (digest) => removeFile(path(digest)),
  };
  return store;
}

/** Not more often: some remember a blob by its times, and read it again when they change. */
const DAY_MS = 24 * 60 * 60 * 1000;

async function write(
  source: AsyncIterable<Uint8Array>,
  temp: string,
  { expected, signal, onVerified }: PutOptions,
): Promise<{ digest: Digest; size: number }> {
  const handle = await open(temp, 'wx', 0o600);
  try {
    const written = { hash: createHash('sha256'), size: 0 };
    await pipeline(
      source,
      (chunks: AsyncIterable<Uint8Array>) => append(chunks, { handle, written, limit: expected?.size }),
      {
        signal,
      },
    );
    if (expected?.size !== undefined && written.size !== expected.size) {
      throw new ContentMismatch('size', String(expected.size), String(written.size));
    }
    const digest = digestOfHash(written.hash);
    if (expected !== undefined && digest !== expected.digest) {
      throw new ContentMismatch('digest', expected.digest, digest);
    }
    onVerified?.();
    await handle.sync();
    return { digest, size: written.size };
  } finally {
    await handle.close();
  }
}

interface Sink {
  readonly handle: FileHandle;
  readonly written: { readonly hash: ReturnType<typeof createHash>; size: number };
  readonly limit: number | undefined;
}

/** Sources give 16 to 64 KiB at a time; each write costs a change of threads. */
const WRITE_BYTES = 512 * 1024;

async function append(chunks: AsyncIterable<Uint8Array>, { handle, written, limit }: Sink): Promise<void> {
  let pending: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of chunks) {
    written.size += chunk.length;
    if (limit !== undefined && written.size > limit) {
      throw new ContentMismatch('size', String(limit), `more than ${limit}`);
    }
    written.hash.update(chunk);
    pending.push(chunk);
    size += chunk.length;
    if (size < WRITE_BYTES) continue;
    await handle.appendFile(Buffer.concat(pending, size));
    pending = [];
    size = 0;
  }
  if (size > 0) await handle.appendFile(Buffer.concat(pending, size));
}
