import { displayPath, type RelPath } from '../../util/rel-path.ts';
import { ArchiveError, type TarEntry } from '../archive/index.ts';
import {
  type EntryStore,
  type NameTree,
  NO_NODE,
  Numbers,
  type SortedEntries,
  TOP_NODE,
  type TocEntry,
} from '../toc/index.ts';
import { FLAGS, layerEntries, MOST_BYTES, NO_FILE, tooDeep } from './layer-entries.ts';
import { splitPath } from './names.ts';

const MOST_LINKS = 40;
const MOST_TARGETS = 1000;

export interface LayerTreeParts {
  readonly names: NameTree;
  /** A name that is no node of the layer, for files that only links lead to. */
  readonly asides: NameTree;
  readonly store: EntryStore;
}

/**
 * The entries of one layer, applied in their order: a later one replaces what was there, with all below it; only a directory over a
 * directory leaves the contents. Symlinks of this layer on the way are followed inside it, as engines do.
 *
 * A file is an inode: names that are hard links of one another share it. Its own entry may say `hardlink`, to a file of a lower layer.
 * A node without one is a directory that only what lies in it names, or nothing but a removal.
 */
export class LayerTree {
  readonly #names: NameTree;
  readonly #asides: NameTree;
  readonly #store: EntryStore;
  /** Of nodes: the number of the file, plus one. */
  readonly #files = new Numbers(Uint32Array);
  readonly #flags = new Numbers(Uint8Array);
  readonly #asideFiles = new Numbers(Uint32Array);
  readonly #targets = new Map<number, string>();
  /** Where the last directory was; until a node is replaced it is there. */
  #last = { path: '', node: TOP_NODE };

  constructor({ names, asides, store }: LayerTreeParts) {
    this.#names = names;
    this.#asides = asides;
    this.#store = store;
    this.#files.push(0);
    this.#flags.push(0);
    this.#asideFiles.push(0);
  }

  /** `undefined` leaves nothing. @throws ArchiveError when something that is no directory is in the way */
  replace(path: RelPath, entry: TocEntry | undefined): void {
    this.#put(path, entry === undefined ? NO_FILE : this.#store.add(entry));
  }

  /** The header of a hard link speaks of the file. A target that is not here is a lower layer's. */
  link(entry: TarEntry): void {
    const there = this.#find(entry.link);
    if (entry.link === '' || (there !== NO_NODE && this.#isDirectory(there)))
      throw new ArchiveError(
        'unsupported',
        `${displayPath(entry.path)} is a hard link to the directory ${displayPath(entry.link)}`,
      );
    const aside = this.#asides.find(TOP_NODE, entry.link);
    const target = aside === NO_NODE ? this.#fileAt(there) : this.#asideFiles.get(aside) - 1;
    if (target === NO_FILE) {
      this.replace(entry.path, { ...entry, offset: 0 });
      return;
    }
    this.#store.update(target, withAttributes(this.#store.entry(target), entry));
    if (this.#fileAt(this.#find(entry.path)) !== target) this.#put(entry.path, target);
  }

  /** The name is gone from the layers below; what this layer has there stays, whichever came first. */
  remove(dir: string, name: string): void {
    const parent = this.#parentAt(dir);
    const there = this.#names.find(parent, name);
    this.#flag(there === NO_NODE ? this.#add(parent, name) : there, FLAGS.removed);
  }

  hideBelow(dir: string): void {
    this.#flag(this.#directory(dir), FLAGS.opaque);
  }

  /** A file without a name of its own, for links to it. */
  keepAside(entry: TocEntry): void {
    const file = this.#store.add(entry);
    const there = this.#asides.find(TOP_NODE, entry.path);
    if (there !== NO_NODE) this.#asideFiles.set(there, file + 1);
    else {
      this.#asides.add(TOP_NODE, entry.path);
      this.#asideFiles.push(file + 1);
    }
  }

  /** @throws ArchiveError */
  entries(): SortedEntries {
    for (let node = 0; this.#store.hasLinks && node < this.#names.size; node += 1) {
      const file = this.#fileAt(node);
      if (file !== NO_FILE && this.#store.type(file) === 'hardlink') this.#files.set(node, this.#later(file) + 1);
    }
    const fileAt = (node: number) => this.#fileAt(node);
    const flagsAt = (node: number) => this.#flags.get(node);
    return layerEntries({ names: this.#names, store: this.#store, fileAt, flagsAt });
  }

  #put(path: RelPath, file: number): void {
    if (path === '') {
      this.#files.set(TOP_NODE, file + 1);
      return;
    }
    const { dir, base } = splitPath(path);
    const parent = this.#parentAt(dir);
    const there = this.#names.find(parent, base);
    if (there === NO_NODE) {
      if (file !== NO_FILE) this.#add(parent, base, file);
    } else if (file !== NO_FILE && this.#isDirectory(there) && this.#store.type(file) === 'directory')
      this.#files.set(there, file + 1);
    else {
      this.#names.replace(there);
      this.#files.push(file + 1);
      this.#flags.push(this.#flags.get(there) & FLAGS.removed);
      this.#last = { path: '', node: TOP_NODE };
    }
  }

  /** What a link that came before its target leads to, if that is of this layer. */
  #later(link: number): number {
    let file = link;
    for (let hops = 0; hops < MOST_LINKS && file !== NO_FILE && this.#store.type(file) === 'hardlink'; hops += 1)
      file = this.#fileAt(this.#find(this.#store.entry(file).link));
    return file === NO_FILE || this.#store.type(file) === 'directory' || this.#store.type(file) === 'hardlink'
      ? link
      : file;
  }

  #parentAt(dir: string): number {
    const node = this.#directory(dir);
    this.#flag(node, FLAGS.parent);
    return node;
  }

  /** Made where it is missing. */
  #directory(path: string): number {
    if (this.#last.path === path) return this.#last.node;
    const node = this.#walk(path, true);
    if (node === NO_NODE) throw new Error(`${path} was not made`);
    this.#last = { path, node };
    return node;
  }

  #find(path: string): number {
    const { dir, base } = splitPath(path);
    const parent = this.#last.path === dir ? this.#last.node : this.#walk(dir, false);
    return parent === NO_NODE ? NO_NODE : this.#names.find(parent, base);
  }

  /** The directory that a path leads to, its symlinks followed in this layer as in a chroot. */
  #walk(path: string, isMade: boolean): number {
    const way: Way = { path, at: TOP_NODE, depth: 0, rest: path === '' ? [] : path.split('/').reverse(), hops: 0 };
    for (let part = way.rest.pop(); part !== undefined; part = way.rest.pop()) {
      if (part === '..') this.#goUp(way);
      if (part === '' || part === '.' || part === '..') continue;
      const there = this.#names.find(way.at, part);
      const next = there === NO_NODE && isMade ? this.#addTo(way.at, part) : there;
      if (next !== NO_NODE && this.#step(next, way)) continue;
      if (!isMade) return NO_NODE;
      throw new ArchiveError('unsafe-name', `an entry lies below ${displayPath(path)}, which is no directory`);
    }
    return way.at;
  }

  #goUp(way: Way): void {
    if (way.at === TOP_NODE) return;
    way.at = this.#names.parent(way.at);
    way.depth -= 1;
  }

  /** Into a directory, or where a symlink leads; false for anything else. */
  #step(next: number, way: Way): boolean {
    const file = this.#fileAt(next);
    if (file !== NO_FILE && this.#store.type(file) === 'symlink') {
      way.hops += 1;
      if (way.hops > MOST_LINKS)
        throw new ArchiveError('unsafe-name', `too many symbolic links on the way to ${displayPath(way.path)}`);
      follow(this.#target(file), way);
      return true;
    }
    const isVacant = file === NO_FILE && (this.#flags.get(next) & FLAGS.parent) === 0;
    if (!isVacant && !this.#isDirectory(next)) return false;
    way.at = next;
    way.depth += 1;
    if (way.depth >= MOST_BYTES) throw tooDeep(way.path);
    return true;
  }

  #target(symlink: number): string {
    let target = this.#targets.get(symlink);
    if (target === undefined) {
      if (this.#targets.size >= MOST_TARGETS) this.#targets.clear();
      target = this.#store.entry(symlink).link;
      this.#targets.set(symlink, target);
    }
    return target;
  }

  #isDirectory(node: number): boolean {
    const file = this.#fileAt(node);
    return file === NO_FILE ? (this.#flags.get(node) & FLAGS.parent) !== 0 : this.#store.type(file) === 'directory';
  }

  #fileAt(node: number): number {
    return node === NO_NODE ? NO_FILE : this.#files.get(node) - 1;
  }

  #addTo(parent: number, name: string): number {
    this.#flag(parent, FLAGS.parent);
    return this.#add(parent, name);
  }

  #add(parent: number, name: string, file = NO_FILE): number {
    this.#files.push(file + 1);
    this.#flags.push(0);
    return this.#names.add(parent, name);
  }

  #flag(node: number, flag: number): void {
    this.#flags.set(node, this.#flags.get(node) | flag);
  }
}

interface Way {
  readonly path: string;
  at: number;
  depth: number;
  /** Parts to come, last first. */
  readonly rest: string[];
  hops: number;
}

function follow(target: string, way: Way): void {
  if (target.startsWith('/')) {
    way.at = TOP_NODE;
    way.depth = 0;
  }
  way.rest.push(...target.split('/').reverse());
}

function withAttributes(file: TocEntry, { mode, uid, gid, mtimeSec, mtimeNsec, xattrs }: TarEntry): TocEntry {
  const all = [...file.xattrs, ...xattrs].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
  return {
    ...file,
    mode: file.type === 'symlink' ? file.mode : mode,
    ...{ uid, gid, mtimeSec, mtimeNsec },
    xattrs: xattrs.size === 0 ? file.xattrs : new Map(all),
  };
}
