import { type Digest, Digests } from '../../../cache/index.ts';
import { BuildError } from '../../errors.ts';
import { NameBytes, type NumberedFiles, Numbers, type Tree, type TreeEntry } from '../../image/toc/index.ts';
import { joinRel, type RelPath, TOP } from '../../util/rel-path.ts';

export interface SelectedItem {
  /** Its place among those of its source. */
  readonly index: number;
  /** Relative to the source's top. */
  readonly path: RelPath;
  readonly entry: TreeEntry;
  /** A directory that was not selected itself, on the way to something that was. */
  readonly isParent: boolean;
}

/** The files of a tree from one of its directories on, each by what is cheap to keep of it. */
export interface Files<Ref> {
  readonly top: Ref | undefined;
  children(directory: Ref): Iterable<Ref>;
  isDirectory(file: Ref): boolean;
  /** Of a regular file. */
  linkGroup(file: Ref): string | undefined;
  /** Relative to the top. */
  path(file: Ref): RelPath;
  /** Keeps nothing but what it takes to tell paths, entries and digests again. */
  makeShelf(): Shelf<Ref>;
}

/** Files in the order in which they were put. */
export interface Shelf<Ref> {
  readonly length: number;
  push(file: Ref): void;
  path(index: number): RelPath;
  entry(index: number, path: RelPath): TreeEntry;
  /** Of a regular file, as the tree told it first. */
  digest(index: number, entry: TreeEntry): Digest;
  /** Where files can be told without entries, which take most of the time where there are many. */
  readonly plain?: PlainFiles;
  /** Where files are numbers. */
  readonly numbers?: Numbers<Uint32Array<ArrayBuffer>>;
  /** As NumberedFiles has it, by index. */
  readonly isKnownByState?: (index: number) => boolean;
}

/** As NumberedFiles has them, by index. */
export interface PlainFiles {
  mode(index: number): number | undefined;
  copyDigest(index: number, into: Uint8Array, offset: number): void;
  copyPath(index: number, into: Uint8Array, offset: number): number;
}

/** What one source takes. As there may be hundreds of thousands, no entry is kept: it is asked of the tree whenever it is wanted. */
export class Items<Ref = unknown> implements Iterable<SelectedItem> {
  readonly #files: Files<Ref>;
  readonly #shelf: Shelf<Ref>;
  readonly #parents = new Set<number>();
  /** Of each hard-link group: how many of its names are here. */
  readonly #names = new Map<string, number>();
  #numbers: ReadonlyMap<string, number> | undefined;

  constructor(files: Files<Ref>) {
    this.#files = files;
    this.#shelf = files.makeShelf();
  }

  get length(): number {
    return this.#shelf.length;
  }

  get plain(): PlainFiles | undefined {
    return this.#shelf.plain;
  }

  /** What the files are to their tree, in memory; nothing where they are no numbers. */
  numbers(): Iterable<Uint32Array> {
    return this.#shelf.numbers?.memory() ?? [];
  }

  /** Whether none of them can have another digest as long as its state is the same. */
  areKnownByState(): boolean {
    const { isKnownByState } = this.#shelf;
    if (isKnownByState === undefined) return false;
    for (let index = 0; index < this.length; index += 1) if (!isKnownByState(index)) return false;
    return true;
  }

  add(file: Ref): void {
    this.#shelf.push(file);
    const linkGroup = this.#files.linkGroup(file);
    if (linkGroup !== undefined) this.#names.set(linkGroup, (this.#names.get(linkGroup) ?? 0) + 1);
  }

  addParent(file: Ref): void {
    this.#parents.add(this.length);
    this.#shelf.push(file);
  }

  path(index: number): RelPath {
    return this.#shelf.path(index);
  }

  at(index: number): SelectedItem {
    const path = this.#shelf.path(index);
    const isParent = this.#parents.size > 0 && this.#parents.has(index);
    return { index, path, entry: this.#shelf.entry(index, path), isParent };
  }

  *[Symbol.iterator](): Generator<SelectedItem> {
    for (let index = 0; index < this.length; index += 1) yield this.at(index);
  }

  /** As the tree told it first; undefined for what is no regular file. */
  digest({ entry, index }: SelectedItem): Digest | undefined {
    return entry.type === 'file' ? this.#shelf.digest(index, entry) : undefined;
  }

  /** Numbers for the hard-link groups of which more than one name is here, in the order of their first names. */
  linkGroups(): ReadonlyMap<string, number> {
    if (this.#numbers === undefined) {
      const groups = [...this.#names].filter(([, count]) => count > 1);
      this.#numbers = new Map(groups.map(([group], number) => [group, number]));
    }
    return this.#numbers;
  }
}

/** By numbers, if the tree has them: four bytes for each. */
export function numberedFiles(files: NumberedFiles, top: RelPath): Files<number> {
  const below = (path: RelPath): RelPath => belowTop(top, path);
  const topNumber = files.number(top);
  return {
    top: topNumber,
    children: (directory) => files.children(directory),
    isDirectory: (number) => files.isDirectory(number),
    linkGroup: (number) => files.linkGroup(number),
    path: (number) => below(files.path(number)),
    makeShelf() {
      const numbers = new Numbers(Uint32Array);
      const copyPath = files.pathCopier(topNumber ?? 0);
      return {
        get length() {
          return numbers.length;
        },
        numbers,
        isKnownByState: (index) => files.isKnownByState?.(numbers.get(index)) === true,
        push: (number) => numbers.push(number),
        path: (index) => below(files.path(numbers.get(index))),
        entry: (index, path) => files.entry(numbers.get(index), inTree(top, path)),
        digest: (index) => files.digest(numbers.get(index)),
        plain: {
          mode: (index) => files.plainMode(numbers.get(index)),
          copyDigest: (index, into, offset) => files.copyDigest(numbers.get(index), into, offset),
          copyPath: (index, into, offset) => copyPath(numbers.get(index), into, offset),
        },
      };
    },
  };
}

/** By paths and digests, as bytes. */
export function namedFiles(tree: Tree, top: RelPath): Files<TreeEntry> {
  return {
    top: tree.lookup(top),
    *children({ path }) {
      for (const name of tree.list(path)) {
        const entry = tree.lookup(joinRel(path, name));
        if (entry !== undefined) yield entry;
      }
    },
    isDirectory: ({ type }) => type === 'directory',
    linkGroup: ({ type, linkGroup }) => (type === 'file' ? linkGroup : undefined),
    path: ({ path }) => belowTop(top, path),
    makeShelf: () => new NamedShelf(tree, top),
  };
}

class NamedShelf implements Shelf<TreeEntry> {
  readonly #tree: Tree;
  readonly #top: RelPath;
  readonly #bytes = new NameBytes();
  readonly #places = new Numbers(Uint32Array);
  readonly #digests = new Digests();

  constructor(tree: Tree, top: RelPath) {
    this.#tree = tree;
    this.#top = top;
  }

  get length(): number {
    return this.#places.length;
  }

  push({ path }: TreeEntry): void {
    const place = this.#bytes.add(belowTop(this.#top, path));
    if (place === undefined)
      throw new BuildError('copy-invalid', 'the paths that are copied take too many bytes', {
        hint: 'copy in several steps, or exclude what no one needs',
      });
    this.#places.push(place);
  }

  path(index: number): RelPath {
    return this.#bytes.text(this.#places.get(index)) as RelPath;
  }

  entry(index: number, path: RelPath): TreeEntry {
    const entry = this.#tree.lookup(inTree(this.#top, path));
    if (entry === undefined) throw new Error(`item ${index} of a copy is gone: ${path}`);
    return entry;
  }

  digest(index: number, entry: TreeEntry): Digest {
    const known = this.#digests.get(index);
    if (known !== undefined) return known;
    const digest = this.#tree.digest(entry);
    this.#digests.set(index, digest);
    return digest;
  }
}

function belowTop(top: RelPath, path: RelPath): RelPath {
  return top === TOP ? path : (path.slice(top.length + 1) as RelPath);
}

function inTree(top: RelPath, path: RelPath): RelPath {
  return top === TOP ? path : path === TOP ? top : joinRel(top, path);
}
