import { type Digest, Digests } from '../../../cache/index.ts';
import { NameBytes, Numbers, type Tree, type TreeEntry } from '../../image/toc/index.ts';
import { BuildError } from '../../errors.ts';
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

/**
 * What one source takes. Only paths and digests are kept, as bytes, as there may be hundreds of thousands: an entry is asked of
 * the tree whenever it is wanted.
 */
export class Items implements Iterable<SelectedItem> {
  readonly #tree: Tree;
  readonly #top: RelPath;
  readonly #bytes = new NameBytes();
  readonly #places = new Numbers(Uint32Array);
  readonly #parents = new Set<number>();
  readonly #digests = new Digests();
  /** Of each hard-link group: how many of its names are here. */
  readonly #names = new Map<string, number>();
  #numbers: ReadonlyMap<string, number> | undefined;

  constructor(tree: Tree, top: RelPath) {
    this.#tree = tree;
    this.#top = top;
  }

  get length(): number {
    return this.#places.length;
  }

  add(path: RelPath, entry: TreeEntry): void {
    this.#keep(path);
    const { type, linkGroup } = entry;
    if (type === 'file' && linkGroup !== undefined) this.#names.set(linkGroup, (this.#names.get(linkGroup) ?? 0) + 1);
  }

  addParent(path: RelPath): void {
    this.#parents.add(this.length);
    this.#keep(path);
  }

  at(index: number): SelectedItem {
    const path = this.#bytes.text(this.#places.get(index)) as RelPath;
    const entry = this.#tree.lookup(this.#inTree(path));
    if (entry === undefined) throw new Error(`item ${index} of a copy is gone: ${path}`);
    return { index, path, entry, isParent: this.#parents.has(index) };
  }

  *[Symbol.iterator](): Generator<SelectedItem> {
    for (let index = 0; index < this.length; index += 1) yield this.at(index);
  }

  /** As the tree told it first; undefined for what is no regular file. */
  digest({ entry, index }: SelectedItem): Digest | undefined {
    if (entry.type !== 'file') return undefined;
    const known = this.#digests.get(index);
    if (known !== undefined) return known;
    const digest = this.#tree.digest(entry);
    this.#digests.set(index, digest);
    return digest;
  }

  /** Numbers for the hard-link groups of which more than one name is here, in the order of their first names. */
  linkGroups(): ReadonlyMap<string, number> {
    if (this.#numbers === undefined) {
      const groups = [...this.#names].filter(([, count]) => count > 1);
      this.#numbers = new Map(groups.map(([group], number) => [group, number]));
    }
    return this.#numbers;
  }

  #keep(path: RelPath): void {
    const place = this.#bytes.add(path);
    if (place === undefined)
      throw new BuildError('copy-invalid', 'the paths that are copied take too many bytes', {
        hint: 'copy in several steps, or exclude what no one needs',
      });
    this.#places.push(place);
  }

  #inTree(path: RelPath): RelPath {
    return path === TOP ? this.#top : joinRel(this.#top, path);
  }
}
