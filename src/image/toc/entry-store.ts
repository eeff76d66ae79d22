import { ByteWriter, byteSource } from './bytes.ts';
import type { TocEntry } from './entry.ts';
import { decodeEntry, encodeEntry, HARDLINK, hasGroup, TYPES } from './format.ts';
import { Numbers } from './numbers.ts';
import { RecordStore } from './record-store.ts';

/** Entries by number, for millions of them: encoded, in a file when they are many; 5 bytes of memory for each. */
export class EntryStore implements Disposable {
  readonly #records: RecordStore;
  readonly #places = new Numbers(Uint32Array);
  readonly #types = new Numbers(Uint8Array);
  readonly #encoded = new ByteWriter();
  #hasLinks = false;

  /** @param path of the file while it has a name, which is when it is made */
  constructor(path: string) {
    this.#records = new RecordStore(path);
  }

  get size(): number {
    return this.#types.length;
  }

  /** Whether a hard link is among them. */
  get hasLinks(): boolean {
    return this.#hasLinks;
  }

  /** @returns its number: they count from 0 */
  add(entry: TocEntry): number {
    const type = TYPES.indexOf(entry.type);
    this.#hasLinks ||= type === HARDLINK;
    this.#places.push(this.#append(entry));
    this.#types.push(type);
    return this.#types.length - 1;
  }

  /** Of the same type. */
  update(index: number, entry: TocEntry): void {
    this.#places.set(index, this.#append(entry));
  }

  type(index: number): TocEntry['type'] {
    return TYPES[this.#types.get(index)] ?? 'file';
  }

  entry(index: number, path?: TocEntry['path']): TocEntry {
    return decodeEntry(byteSource(this.#records.read(this.#places.get(index))), 0, path);
  }

  /** The entry as encodeEntry makes it, valid until the next call; decoded when it has a link group. */
  stored(index: number): Buffer | TocEntry {
    const record = this.#records.read(this.#places.get(index));
    return hasGroup(record) ? decodeEntry(byteSource(record), 0) : record;
  }

  /** The entry as encodeEntry makes it, valid until the next call; undefined when its path is another one. */
  record(index: number, path: TocEntry['path']): Buffer | undefined {
    const record = this.#records.read(this.#places.get(index));
    if (record.readUInt32LE(0) !== path.length) return undefined;
    // from the end: paths are alike at their beginning
    for (let at = path.length - 1; at >= 0; at -= 1) if (record[4 + at] !== path.charCodeAt(at)) return undefined;
    return record;
  }

  [Symbol.dispose](): void {
    this.#records[Symbol.dispose]();
  }

  #append(entry: TocEntry): number {
    this.#encoded.clear();
    encodeEntry(this.#encoded, entry);
    return this.#records.append(this.#encoded.view());
  }
}
