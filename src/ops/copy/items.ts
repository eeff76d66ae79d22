import { type Digest, Digests } from '../../../cache/index.ts';
import type { Tree, TreeEntry } from '../../image/toc/index.ts';
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
 * What one source takes. Only paths are kept, as there may be hundreds of thousands: an entry is asked of the tree whenever it
 * is wanted.
 */
export class Items implements Iterable<SelectedItem> {
  readonly #tree: Tree;
  readonly #top: RelPath;
  readonly #paths: RelPath[] = [];
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
    return this.#paths.length;
  }

  add(path: RelPath, entry: TreeEntry): void {
    this.#paths.push(path);
    const { type, linkGroup } = entry;
    if (type === 'file' && linkGroup !== undefined) this.#names.set(linkGroup, (this.#names.get(linkGroup) ?? 0) + 1);
  }

  addParent(path: RelPath): void {
    this.#parents.add(this.#paths.length);
    this.#paths.push(path);
  }

  at(index: number): SelectedItem {
    const path = this.#paths[index];
    const entry = path === undefined ? undefined : this.#tree.lookup(this.#inTree(path));
    if (path === undefined || entry === undefined) throw new Error(`item ${index} of a copy is gone`);
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

  #inTree(path: RelPath): RelPath {
    return path === TOP ? this.#top : joinRel(this.#top, path);
  }
}
