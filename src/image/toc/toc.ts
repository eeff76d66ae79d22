import { readFileSync, statSync } from 'node:fs';
import type { ContentID } from '../../../cache/index.ts';
import { type ByteSource, byteSource } from './bytes.ts';
import type { TocEntry } from './entry.ts';
import {
  checksumOf,
  contentIDIn,
  decodeEntry,
  FLAGS_AT,
  HARDLINK,
  HEADER_BYTES,
  isSealed,
  MAGIC,
  TocCorrupt,
  WHITEOUT,
} from './format.ts';

/** A layer's table of contents: sorted, looked up by binary search, decoded entry by entry. */
export interface Toc {
  /** Number of entries. */
  readonly size: number;
  readonly contentID: ContentID;
  /** Every ancestor of every entry is an entry. */
  readonly closed: boolean;
  lookup(path: string): TocEntry | undefined;
  /** Names right below a directory that have an entry, or that entries lie below; in byte order. */
  list(dir: string): readonly string[];
  /** Of the names that `list` gives, those that are whiteouts. */
  listWhiteouts(dir: string): readonly string[];
  /** Whether entries lie below the path. */
  hasBelow(dir: string): boolean;
  entry(index: number): TocEntry;
  entries(): IterableIterator<TocEntry>;
  /** The hard links among them. */
  hardlinks(): IterableIterator<TocEntry>;
}

/**
 * A file that is open somewhere in this process is not read and checked again: published tocs do not change, they are replaced.
 * @throws TocCorrupt when the bytes are not what writeToc wrote; the file system's error when there is no such file.
 */
export function openToc(source: string | Buffer): Toc {
  if (typeof source !== 'string') return new BinaryToc(source);
  const { dev, ino, size, mtimeNs, ctimeNs } = statSync(source, { bigint: true });
  const key = [dev, ino, size, mtimeNs, ctimeNs].join(' ');
  const known = opened.get(key)?.deref();
  if (known !== undefined) return known;
  const toc = new BinaryToc(readFileSync(source));
  opened.set(key, new WeakRef(toc));
  return toc;
}

const opened = new Map<string, WeakRef<Toc>>();

class BinaryToc implements Toc {
  readonly #body: Buffer;
  readonly #source: ByteSource;
  readonly #view: DataView;
  #last = -1;
  readonly size: number;
  readonly contentID: ContentID;
  readonly closed: boolean;

  constructor(bytes: Buffer) {
    if (bytes.length < HEADER_BYTES || bytes.toString('latin1', 0, 8) !== MAGIC)
      throw new TocCorrupt('not a table of contents');
    this.#source = byteSource(bytes.subarray(HEADER_BYTES));
    this.#body = this.#source.buffer;
    this.#view = this.#source.view;
    if (!isSealed(bytes, checksumOf(bytes).update(this.#body)))
      throw new TocCorrupt('a table of contents does not match its checksum');
    this.size = bytes.readUInt32LE(8);
    this.closed = bytes.readUInt32LE(12) === 1;
    this.contentID = contentIDIn(bytes);
  }

  lookup(path: string): TocEntry | undefined {
    // mostly the one after the last: trees are walked in their order
    const next = this.#last + 1;
    const index = this.#isAt(next, path) ? next : this.#lowerBound(path);
    if (!this.#isAt(index, path)) return undefined;
    this.#last = index;
    return this.entry(index);
  }

  list(dir: string): readonly string[] {
    return this.#children(dir, { isWhiteout: false });
  }

  listWhiteouts(dir: string): readonly string[] {
    return this.#children(dir, { isWhiteout: true });
  }

  hasBelow(dir: string): boolean {
    const prefix = `${dir}/`;
    const index = this.#lowerBound(prefix);
    return index < this.size && this.#startsWith(index, prefix);
  }

  entry(index: number): TocEntry {
    return decodeEntry(this.#source, this.#recordAt(index));
  }

  *entries(): IterableIterator<TocEntry> {
    for (let index = 0; index < this.size; index += 1) yield this.entry(index);
  }

  *hardlinks(): IterableIterator<TocEntry> {
    for (let index = 0; index < this.size; index += 1) {
      const at = this.#recordAt(index);
      if (this.#body[at + 4 + this.#view.getUint32(at, true)] === HARDLINK) yield this.entry(index);
    }
  }

  /** What lies deeper is passed over in leaps: a directory costs its own names, not all that is in it. */
  #children(dir: string, wanted: { readonly isWhiteout: boolean }): readonly string[] {
    const prefix = dir === '' ? '' : `${dir}/`;
    const names: string[] = [];
    let isSorted = true;
    let index = this.#lowerBound(prefix);
    while (index < this.size && this.#startsWith(index, prefix)) {
      const { name, isDeeper } = this.#nameAt(index, prefix.length);
      const last = names.at(-1);
      if (name !== '' && name !== last && (!wanted.isWhiteout || this.#isRemoved(index, isDeeper))) {
        isSorted &&= last === undefined || last < name;
        names.push(name);
      }
      index = isDeeper ? this.#lowerBound(`${prefix}${name}0`, index + 1) : index + 1;
    }
    return isSorted ? names : [...new Set(names)].sort();
  }

  /** The part of a path from `start` on up to the next slash. */
  #nameAt(index: number, start: number): { readonly name: string; readonly isDeeper: boolean } {
    const at = this.#recordAt(index);
    const first = at + 4 + start;
    const end = at + 4 + this.#view.getUint32(at, true);
    let stop = first;
    while (stop < end && this.#body[stop] !== SLASH) stop += 1;
    return { name: this.#body.toString('latin1', first, stop), isDeeper: stop < end };
  }

  #recordAt(index: number): number {
    return 4 * this.size + this.#view.getUint32(4 * index, true);
  }

  #isRemoved(index: number, isDeeper: boolean): boolean {
    return !isDeeper && this.#isWhiteout(index);
  }

  #isWhiteout(index: number): boolean {
    const at = this.#recordAt(index);
    return ((this.#body[at + 4 + this.#view.getUint32(at, true) + FLAGS_AT] ?? 0) & WHITEOUT) !== 0;
  }

  #isAt(index: number, path: string): boolean {
    return index < this.size && this.#compare(index, path) === 0;
  }

  /** Negative when the entry's path comes before this one, 0 when it is this one. Byte by byte: no string is made. */
  #compare(index: number, path: string): number {
    const body = this.#body;
    const at = this.#recordAt(index);
    const length = this.#view.getUint32(at, true);
    const shorter = Math.min(length, path.length);
    for (let place = 0; place < shorter; place += 1) {
      const difference = (body[at + 4 + place] ?? 0) - path.charCodeAt(place);
      if (difference !== 0) return difference;
    }
    return length - path.length;
  }

  #startsWith(index: number, prefix: string): boolean {
    const at = this.#recordAt(index);
    if (this.#view.getUint32(at, true) < prefix.length) return false;
    for (let place = 0; place < prefix.length; place += 1)
      if (this.#body[at + 4 + place] !== prefix.charCodeAt(place)) return false;
    return true;
  }

  /** The first entry from `from` on whose path is not before this one. */
  #lowerBound(path: string, from = 0): number {
    let low = from;
    let high = this.size;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#compare(middle, path) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

const SLASH = 0x2f;
