import type { ContentID } from '../../../cache/index.ts';
import type { RelPath } from '../../util/rel-path.ts';
import type { TocEntry } from './entry.ts';
import { EntryStore } from './entry-store.ts';
import { mergeSort } from './merge-sort.ts';
import { NameBytes } from './name-bytes.ts';
import { Numbers } from './numbers.ts';
import { TocTooLarge, writeToc } from './write-toc.ts';

const WHOLE = { isLeftPrefix: false, isRightPrefix: false };

/** A table of contents from entries in any order, each path once, which are kept in a file when they are many. */
export class TocWriter implements Disposable {
  readonly #path: string;
  readonly #store: EntryStore;
  readonly #names = new NameBytes();
  readonly #nameAt = new Numbers(Uint32Array);

  /** @param path of the file to write; a name beside it is used for a moment */
  constructor(path: string) {
    this.#path = path;
    this.#store = new EntryStore(`${path}.entries`);
  }

  /** @throws TocTooLarge */
  add(entry: TocEntry): void {
    const at = this.#names.add(entry.path);
    if (at === undefined) throw new TocTooLarge('the names in it take too many bytes');
    this.#nameAt.push(at);
    this.#store.add(entry);
  }

  /** Writes the file. @throws TocTooLarge */
  finish(): { readonly contentID: ContentID; readonly count: number } {
    const count = this.#store.size;
    const order = Uint32Array.from({ length: count }, (_, index) => index);
    mergeSort(order, new Uint32Array(count), (a, b) =>
      this.#names.compare(this.#nameAt.get(a), this.#nameAt.get(b), WHOLE),
    );
    const contentID = writeToc(this.#path, { count, isClosed: this.#isClosed(order), entries: this.#entries(order) });
    this[Symbol.dispose]();
    return { contentID, count };
  }

  [Symbol.dispose](): void {
    this.#store[Symbol.dispose]();
  }

  *#entries(order: Uint32Array): Generator<TocEntry | Buffer> {
    for (const index of order) yield this.#store.stored(index);
  }

  /** Whether each entry's parent is an entry; it stands before it in the order. */
  #isClosed(order: Uint32Array): boolean {
    let known = '';
    for (const [place, index] of order.entries()) {
      const path = this.#pathAt(index);
      const parent = path.slice(0, Math.max(0, path.lastIndexOf('/')));
      if (parent === known) continue;
      if (parent !== '' && !this.#isAmong(parent, order.subarray(0, place))) return false;
      known = parent;
    }
    return true;
  }

  #isAmong(path: string, order: Uint32Array): boolean {
    let low = 0;
    let high = order.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#pathAt(order[middle] ?? 0) < path) low = middle + 1;
      else high = middle;
    }
    return low < order.length && this.#pathAt(order[low] ?? 0) === path;
  }

  #pathAt(index: number): RelPath {
    return this.#names.text(this.#nameAt.get(index)) as RelPath;
  }
}
