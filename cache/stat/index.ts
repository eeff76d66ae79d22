import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import type { Digest } from '../digest.ts';
import type { Warn } from '../files.ts';
import { type QuickSignature, readStatFile, type StatFile, stateOf, writeStatFile } from './file.ts';
import { KEY_AT, type StatKey } from './key.ts';
import { NO_ENTRY, StatTable } from './table.ts';

/** Digests of files by what stat tells of them. A memory, never a proof of more than "unchanged since it was read". */
export interface StatIndex {
  get(state: StatKey): Digest | undefined;
  /** The number of what is known of a file in this state, which stays true as long as the index is open; NO_ENTRY when there is nothing. */
  find(state: StatKey): number;
  digest(entry: number): Digest;
  /** The 32 bytes of it. */
  copyDigest(entry: number, into: Uint8Array, offset: number): void;
  /**
   * Kept only if max(mtime, ctime) lies at least 2 s before the read began: a later write could have left them as they are.
   * @param readBeganNs on the clock of the file's file system
   * @returns its number, as `find`
   */
  put(state: StatKey, digest: Digest, readBeganNs: bigint): number;
  /** Merges with what others saved meanwhile. A failure is a warning. Does nothing when nothing is new. */
  save(): void;
}

export interface StatIndexOptions {
  readonly quickSignature: QuickSignature;
  readonly onWarning?: Warn;
  /** Beyond this the longest unused go. */
  readonly maxEntries?: number;
  /** A name beside no other file, on the same file system. */
  readonly tempPath?: () => string;
}

const SETTLED_NS = 2_000_000_000n;
const MAX_ENTRIES = 500_000;

/** Read on the first `get`; a file that is missing or damaged is an empty index. */
export function openStatIndex(file: string, options: StatIndexOptions): StatIndex {
  return new FileStatIndex(file, {
    onWarning: () => undefined,
    maxEntries: MAX_ENTRIES,
    tempPath: () => `${file}.${randomBytes(8).toString('hex')}.tmp`,
    ...options,
  });
}

class FileStatIndex implements StatIndex {
  readonly #file: string;
  readonly #options: Required<StatIndexOptions>;
  #table: StatTable | undefined;
  /** The file that the table was read from, or written to. */
  #state = '';
  #generation = 1;
  #isNew = false;
  /** Of the last file that was put, and the latest time of which it makes a digest that is kept. */
  #readBeganNs = 0n;
  #latest = wordsOf(-SETTLED_NS);

  constructor(file: string, options: Required<StatIndexOptions>) {
    this.#file = file;
    this.#options = options;
  }

  get(state: StatKey): Digest | undefined {
    const entry = this.find(state);
    return entry === NO_ENTRY ? undefined : this.digest(entry);
  }

  find(state: StatKey): number {
    return (this.#table ?? this.#loaded()).find(state, this.#generation);
  }

  digest(entry: number): Digest {
    return this.#loaded().digest(entry);
  }

  copyDigest(entry: number, into: Uint8Array, offset: number): void {
    this.#loaded().copyDigest(entry, into, offset);
  }

  put(state: StatKey, digest: Digest, readBeganNs: bigint): number {
    if (readBeganNs !== this.#readBeganNs) {
      this.#readBeganNs = readBeganNs;
      this.#latest = wordsOf(readBeganNs - SETTLED_NS);
    }
    if (isAfter(state, KEY_AT.mtime, this.#latest) || isAfter(state, KEY_AT.ctime, this.#latest)) return NO_ENTRY;
    this.#isNew = true;
    return this.#loaded().set(state, digest, this.#generation);
  }

  save(): void {
    if (!this.#isNew) return;
    const table = this.#loaded();
    // what others saved meanwhile is newer than what was read at first; what was looked at here is as new
    const others = stateOf(this.#file) === this.#state ? undefined : this.#read();
    if (others !== undefined) table.merge(others, this.#generation);
    const generation = Math.max(this.#generation, others?.generation ?? 0);
    try {
      const { count, pages } = table.entries(this.#options.maxEntries);
      const place = { temp: this.#options.tempPath(), sign: this.#options.quickSignature };
      writeStatFile(this.#file, { generation, count, pages }, place);
      this.#state = stateOf(this.#file);
    } catch (error) {
      this.#options.onWarning(`the stat index could not be saved: ${(error as Error).message}`);
    }
    this.#isNew = false;
  }

  #loaded(): StatTable {
    if (this.#table === undefined) {
      this.#state = stateOf(this.#file);
      const saved = this.#read();
      this.#generation = (saved?.generation ?? 0) + 1;
      this.#table = new StatTable(saved);
    }
    return this.#table;
  }

  #read(): StatFile | undefined {
    if (!existsSync(this.#file)) return undefined;
    const saved = readIfWhole(this.#file, this.#options.quickSignature);
    if (saved === undefined) this.#options.onWarning('the stat index is damaged; files are read again');
    return saved;
  }
}

/** Nanoseconds in two words, without a bigint for each file. */
interface Ns {
  readonly low: number;
  readonly high: number;
}

function wordsOf(ns: bigint): Ns {
  return { low: Number(BigInt.asUintN(32, ns)), high: Number(ns >> 32n) };
}

function isAfter(state: StatKey, at: number, { low, high }: Ns): boolean {
  const own = (state[at + 1] ?? 0) | 0;
  return own === high ? (state[at] ?? 0) > low : own > high;
}

/** undefined too for what cannot be read. */
function readIfWhole(file: string, sign: QuickSignature): StatFile | undefined {
  try {
    return readStatFile(file, sign);
  } catch {
    return undefined;
  }
}
