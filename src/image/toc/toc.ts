import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { type ContentID, parseContentID } from '../../../cache/index.ts';
import type { TocEntry } from './entry.ts';
import { decodeEntry, HEADER_BYTES, MAGIC, TocCorrupt } from './format.ts';

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
  /** Whether entries lie below the path. */
  hasBelow(dir: string): boolean;
  entry(index: number): TocEntry;
  entries(): IterableIterator<TocEntry>;
}

/** @throws TocCorrupt when the bytes are not what encodeToc wrote; the file system's error when there is no such file. */
export function openToc(source: string | Buffer): Toc {
  return new BinaryToc(typeof source === 'string' ? readFileSync(source) : source);
}

class BinaryToc implements Toc {
  readonly #body: Buffer;
  readonly size: number;
  readonly contentID: ContentID;
  readonly closed: boolean;

  constructor(bytes: Buffer) {
    if (bytes.length < HEADER_BYTES || bytes.toString('latin1', 0, 8) !== MAGIC)
      throw new TocCorrupt('not a table of contents');
    this.#body = bytes.subarray(HEADER_BYTES);
    const checksum = createHash('sha256').update(this.#body).digest();
    if (!checksum.equals(bytes.subarray(16, 48)))
      throw new TocCorrupt('a table of contents does not match its checksum');
    this.size = bytes.readUInt32LE(8);
    this.closed = bytes.readUInt32LE(12) === 1;
    this.contentID = parseContentID(`sha256:${bytes.subarray(48, 80).toString('hex')}`);
  }

  lookup(path: string): TocEntry | undefined {
    const index = this.#lowerBound(path);
    return index < this.size && this.#pathAt(index) === path ? this.entry(index) : undefined;
  }

  list(dir: string): readonly string[] {
    const prefix = dir === '' ? '' : `${dir}/`;
    const names = new Set<string>();
    let index = prefix === '' ? 0 : this.#lowerBound(prefix);
    while (index < this.size) {
      const path = this.#pathAt(index);
      if (!path.startsWith(prefix)) break;
      const rest = path.slice(prefix.length);
      const slash = rest.indexOf('/');
      const name = slash < 0 ? rest : rest.slice(0, slash);
      if (name !== '') names.add(name);
      index = slash < 0 ? index + 1 : this.#lowerBound(`${prefix}${name}0`);
    }
    return [...names].sort();
  }

  hasBelow(dir: string): boolean {
    const prefix = `${dir}/`;
    const index = this.#lowerBound(prefix);
    return index < this.size && this.#pathAt(index).startsWith(prefix);
  }

  entry(index: number): TocEntry {
    return decodeEntry(this.#body, this.#recordAt(index));
  }

  *entries(): IterableIterator<TocEntry> {
    for (let index = 0; index < this.size; index += 1) yield this.entry(index);
  }

  #recordAt(index: number): number {
    return 4 * this.size + this.#body.readUInt32LE(4 * index);
  }

  #pathAt(index: number): string {
    const at = this.#recordAt(index);
    return this.#body.toString('latin1', at + 4, at + 4 + this.#body.readUInt32LE(at));
  }

  #lowerBound(path: string): number {
    let low = 0;
    let high = this.size;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#pathAt(middle) < path) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
