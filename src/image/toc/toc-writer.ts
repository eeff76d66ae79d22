import type { ContentID } from '../../../cache/index.ts';
import { parentOf, type RelPath } from '../../util/rel-path.ts';
import type { TocEntry } from './entry.ts';
import { EntryStore } from './entry-store.ts';
import { mergeSort } from './merge-sort.ts';
import { NameBytes } from './name-bytes.ts';
import { Numbers } from './numbers.ts';
import { TocTooLarge, writeToc } from './write-toc.ts';

const WHOLE = { isLeftPrefix: false, isRightPrefix: false };

/**
 * A table of contents from entries in any order, each path once, which are kept in a file when they are many. It is closed when each came
 * after the directory it lies in.
 */
export class TocWriter implements Disposable {
  readonly #path: string;
  readonly #store: EntryStore;
  readonly #names = new NameBytes();
  readonly #nameAt = new Numbers(Uint32Array);
  readonly #directories = new Set<string>(['']);
  #last = '';
  /** Of the last entry: the next ones mostly lie beside it. */
  #parent = '';
  #isSorted = true;
  #isClosed = true;

  /** @param path of the file to write; a name beside it is used for a moment */
  constructor(path: string) {
    this.#path = path;
    this.#store = new EntryStore(`${path}.entries`);
  }

  /** @throws TocTooLarge */
  add(entry: TocEntry): void {
    const { path } = entry;
    const at = this.#names.add(path);
    if (at === undefined) throw new TocTooLarge('the names in it take too many bytes');
    this.#isSorted &&= this.#nameAt.length === 0 || path > this.#last;
    this.#last = path;
    if (!isBeside(path, this.#parent)) this.#enter(path);
    if (entry.type === 'directory') this.#directories.add(path);
    this.#nameAt.push(at);
    this.#store.add(entry);
  }

  /** Writes the file. @throws TocTooLarge */
  finish(): { readonly contentID: ContentID; readonly count: number } {
    const count = this.#store.size;
    const order = Uint32Array.from({ length: count }, (_, index) => index);
    if (!this.#isSorted)
      mergeSort(order, new Uint32Array(count), (a, b) =>
        this.#names.compare(this.#nameAt.get(a), this.#nameAt.get(b), WHOLE),
      );
    const contentID = writeToc(this.#path, { count, isClosed: this.#isClosed, entries: this.#entries(order) });
    this[Symbol.dispose]();
    return { contentID, count };
  }

  [Symbol.dispose](): void {
    this.#store[Symbol.dispose]();
  }

  *#entries(order: Uint32Array): Generator<TocEntry | Buffer> {
    for (const index of order) yield this.#store.stored(index);
  }

  #enter(path: RelPath): void {
    this.#parent = parentOf(path);
    this.#isClosed &&= this.#directories.has(this.#parent);
  }
}

/** Whether the path is a name right below the directory. */
function isBeside(path: RelPath, dir: string): boolean {
  const slash = path.lastIndexOf('/');
  return slash < 0 ? dir === '' : slash === dir.length && path.startsWith(dir);
}
