import { NameTree, NO_NODE, Numbers, TOP_NODE } from '../../image/toc/index.ts';
import { displayPath, parentOf, type RelPath, TOP } from '../../util/rel-path.ts';
import type { SpooledEntry, SpooledTar } from './spool-tar.ts';

/** An entry that cannot be where it says, or be what it says. */
export class EntryRefused extends Error {
  override readonly name = 'EntryRefused';
}

const IMPLIED = -1;

/** What each name of an archive stands for once all entries were applied; hard links share their entry. */
export class ContextTree {
  readonly #tar: SpooledTar;
  readonly #names = new NameTree();
  /** Of nodes: the number of the entry, plus one. */
  readonly #entries = new Numbers(Uint32Array);
  readonly #isDirectory = new Numbers(Uint8Array);
  #last = { path: TOP, node: TOP_NODE };

  /** @throws EntryRefused, TooManyNames */
  constructor(tar: SpooledTar) {
    this.#tar = tar;
    this.#push(IMPLIED, true);
    for (let index = 0; index < tar.size; index += 1) this.#apply(index);
  }

  /** Nodes that were ever made: all are below. */
  get size(): number {
    return this.#names.size;
  }

  /** NO_NODE when there is nothing of that path. */
  node(path: RelPath): number {
    let node = TOP_NODE;
    if (path !== TOP)
      for (const part of path.split('/')) node = node === NO_NODE ? NO_NODE : this.#names.find(node, part);
    return node;
  }

  /** All but the top, in byte order of their paths. */
  nodes(): Uint32Array {
    return this.#names.sorted().subarray(1);
  }

  path(node: number): RelPath {
    return this.#names.path(node) as RelPath;
  }

  isDirectory(node: number): boolean {
    return this.#isDirectory.get(node) === 1;
  }

  /** undefined for a directory that only what lies in it names. */
  entryNumber(node: number): number | undefined {
    const index = this.#entries.get(node) - 1;
    return index === IMPLIED ? undefined : index;
  }

  entry(node: number): SpooledEntry | undefined {
    const index = this.entryNumber(node);
    return index === undefined ? undefined : this.#tar.at(index);
  }

  #apply(index: number): void {
    const { path, type, link } = this.#tar.at(index).entry;
    if (path === TOP) return;
    const parent = this.#parentOf(path);
    const target = type === 'hardlink' ? this.#linked(path, link as RelPath) : index;
    const name = path.slice(path.lastIndexOf('/') + 1);
    const there = this.#names.find(parent, name);
    const isDirectory = type === 'directory';
    if (there === NO_NODE) {
      this.#names.add(parent, name);
      this.#push(target, isDirectory);
    } else if (this.isDirectory(there) && !isDirectory) {
      this.#names.replace(there);
      this.#push(target, false);
      this.#last = { path: TOP, node: TOP_NODE };
    } else {
      this.#entries.set(there, target + 1);
      this.#isDirectory.set(there, isDirectory ? 1 : 0);
    }
  }

  #linked(path: RelPath, link: RelPath): number {
    const node = this.node(link);
    if (node === NO_NODE || this.isDirectory(node))
      throw new EntryRefused(`${displayPath(path)} is a link to ${displayPath(link)}, which is no file`);
    return this.#entries.get(node) - 1;
  }

  #parentOf(child: RelPath): number {
    const path = parentOf(child);
    if (path === TOP) return TOP_NODE;
    if (this.#last.path === path) return this.#last.node;
    let node = TOP_NODE;
    for (const part of path.split('/')) {
      const there = this.#names.find(node, part);
      if (there !== NO_NODE && !this.isDirectory(there))
        throw new EntryRefused(
          `${displayPath(child)} lies below ${displayPath(this.path(there))}, which is no directory`,
        );
      node = there === NO_NODE ? this.#names.add(node, part) : there;
      if (there === NO_NODE) this.#push(IMPLIED, true);
    }
    this.#last = { path, node };
    return node;
  }

  #push(entry: number, isDirectory: boolean): void {
    this.#entries.push(entry + 1);
    this.#isDirectory.push(isDirectory ? 1 : 0);
  }
}
