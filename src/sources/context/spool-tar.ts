import { randomUUID } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BuildError } from '../../errors.ts';
import { diskRoom, isErrno } from '../../host/fs/index.ts';
import {
  ArchiveError,
  DEFAULT_LIMITS,
  decompress,
  type Filter,
  makeTarReader,
  sniffCompression,
  type TarEntry,
  type TarHandler,
} from '../../image/archive/index.ts';
import { EntryStore, placedEntry } from '../../image/toc/index.ts';
import { Spool } from './spool.ts';

export type TarFilter = Filter;

export interface SpooledEntry {
  readonly entry: TarEntry;
  /** As Tree.read; any number of times, in any order. */
  read(sink: (chunk: Uint8Array) => void): void;
}

/** The entries of an archive, as they came: iterated, or by number. Each is made when it is asked for. */
export interface SpooledTar extends Iterable<SpooledEntry>, Disposable {
  readonly size: number;
  at(index: number): SpooledEntry;
}

export interface SpoolOptions {
  readonly signal: AbortSignal;
  readonly filter: TarFilter;
  /** Where large contents go; the system's temp directory when absent. */
  readonly tempDir?: string | undefined;
  /** Of the archive, uncompressed; what the disk has room for when absent. */
  readonly maxBytes?: number | undefined;
}

/**
 * True when the first bytes of something are an archive's: they decompress (gzip, bzip2, xz, zstd, or are plain) and begin with
 * a tar header. Nothing is none.
 * @throws BuildError setup-missing when the program that decompresses is not installed
 */
export async function isTarHead(head: Uint8Array, options: Pick<SpoolOptions, 'signal' | 'filter'>): Promise<boolean> {
  const test = new HeadTest();
  try {
    for await (const chunk of decompress(once(head), sniffCompression(head), options)) {
      if (test.take(chunk)) break;
    }
  } catch (error) {
    options.signal.throwIfAborted();
    rethrowMissingProgram(error);
    // a head ends in the middle: what came before that counts
  }
  return test.isTar;
}

/**
 * Reads an archive to its end. Names that lead out of it stop at its top, as in a chroot.
 * @throws ArchiveError when it is broken or hostile, BuildError setup-missing
 */
export async function spoolTar(
  source: AsyncIterable<Uint8Array>,
  { signal, filter, tempDir, maxBytes = diskRoom(tempDir ?? tmpdir()) }: SpoolOptions,
): Promise<SpooledTar> {
  const tar = new StoredTar(tempDir);
  try {
    await readTar(source, tar.handler, { signal, filter, maxBytes });
    return tar;
  } catch (error) {
    tar[Symbol.dispose]();
    throw error;
  }
}

/**
 * When the newest file of an archive was written, in seconds; undefined for what is none, or holds no file.
 * @throws BuildError setup-missing
 */
export async function newestInTar(
  source: AsyncIterable<Uint8Array>,
  { signal, filter }: Pick<SpoolOptions, 'signal' | 'filter'>,
): Promise<number | undefined> {
  let newest: number | undefined;
  const entry = ({ type, mtimeSec }: TarEntry): void => {
    if (type === 'file') newest = Math.max(newest ?? mtimeSec, mtimeSec);
  };
  try {
    const handler = { entry, content: () => undefined, hole: () => undefined };
    await readTar(source, handler, { signal, filter, maxBytes: DEFAULT_LIMITS.maxBytes });
    return newest;
  } catch (error) {
    if (!(error instanceof ArchiveError)) throw error;
    return undefined;
  }
}

async function readTar(
  source: AsyncIterable<Uint8Array>,
  handler: TarHandler,
  { signal, filter, maxBytes }: Pick<SpoolOptions, 'signal' | 'filter'> & { readonly maxBytes: number },
): Promise<void> {
  const { head, all } = await peek(source);
  let size = 0;
  const reader = makeTarReader(handler, { ...DEFAULT_LIMITS, maxBytes, outside: 'clamped' });
  try {
    for await (const chunk of decompress(all, sniffCompression(head), { signal, filter })) {
      signal.throwIfAborted();
      size += chunk.length;
      if (size > maxBytes) throw new ArchiveError('too-large', `an archive of more than ${maxBytes} bytes`);
      reader.write(chunk);
    }
    reader.end();
  } catch (error) {
    signal.throwIfAborted();
    rethrowMissingProgram(error);
    throw error;
  }
}

class StoredTar implements SpooledTar {
  readonly #contents: Spool;
  readonly #entries: EntryStore;
  readonly handler: TarHandler;

  constructor(tempDir: string | undefined) {
    const contents = new Spool(tempDir);
    const entries = new EntryStore(join(tempDir ?? tmpdir(), `tsbuild-entries-${randomUUID()}`));
    this.#contents = contents;
    this.#entries = entries;
    this.handler = {
      entry: (entry) => void entries.add(placedEntry(entry, { offset: contents.size })),
      content: (chunk) => contents.append(chunk),
      hole: (bytes) => contents.appendZeros(bytes),
    };
  }

  get size(): number {
    return this.#entries.size;
  }

  at(index: number): SpooledEntry {
    const entry = this.#entries.entry(index);
    return { entry, read: (sink) => this.#contents.read(entry, sink) };
  }

  *[Symbol.iterator](): Generator<SpooledEntry> {
    for (let index = 0; index < this.size; index += 1) yield this.at(index);
  }

  [Symbol.dispose](): void {
    this.#contents[Symbol.dispose]();
    this.#entries[Symbol.dispose]();
  }
}

const MOST_HEAD = 4 << 20;

/** Reads until the first entry is known, or it is clear that there is none. */
class HeadTest {
  isTar = false;
  #size = 0;
  readonly #reader = makeTarReader({
    entry: () => {
      this.isTar = true;
    },
    content: () => undefined,
  });

  /** True when there is nothing more to learn. */
  take(chunk: Uint8Array): boolean {
    this.#size += chunk.length;
    try {
      this.#reader.write(chunk);
    } catch (error) {
      if (!(error instanceof ArchiveError)) throw error;
      // a header that is one, of an entry that nobody should unpack
      this.isTar ||= error.code !== 'bad-checksum' && error.code !== 'truncated';
      return true;
    }
    return this.isTar || this.#size > MOST_HEAD;
  }
}

async function peek(
  source: AsyncIterable<Uint8Array>,
): Promise<{ readonly head: Uint8Array; readonly all: AsyncIterable<Uint8Array> }> {
  const iterator = source[Symbol.asyncIterator]();
  const chunks: Uint8Array[] = [];
  let size = 0;
  while (size < 8) {
    const next = await iterator.next();
    if (next.done === true) break;
    chunks.push(Uint8Array.from(next.value));
    size += next.value.length;
  }
  async function* all(): AsyncIterable<Uint8Array> {
    yield* chunks;
    yield* { [Symbol.asyncIterator]: () => iterator };
  }
  return { head: Buffer.concat(chunks), all: all() };
}

async function* once(bytes: Uint8Array): AsyncIterable<Uint8Array> {
  if (bytes.length > 0) yield bytes;
}

/** A file that cannot be looked into must not pass for one that is no archive. */
function rethrowMissingProgram(error: unknown): void {
  if (error instanceof BuildError) {
    if (error.code === 'setup-missing') throw error;
  } else if (isErrno(error, 'ENOENT')) {
    throw new BuildError('setup-missing', 'the program that reads this kind of archive is not installed', {
      cause: error,
      hint: 'install bzip2, xz-utils and zstd',
    });
  }
}
