import type { Digest, Json } from '../../../cache/index.ts';
import { BuildError } from '../../errors.ts';
import type { TarEntry } from '../../image/archive/index.ts';
import type { Tree } from '../../image/toc/index.ts';
import { baseName, displayPath, parentOf, type RelPath, TOP } from '../../util/rel-path.ts';
import { NamesBelow } from './names-below.ts';
import type { SelectedFiles } from './selection.ts';

export interface Content {
  /** As Tree.read. */
  read(sink: (chunk: Uint8Array) => void): void;
  /** Its bytes and their digest, if they are still in memory, which then forgets them. */
  take?(): { readonly bytes: Uint8Array; readonly digest: Digest } | undefined;
  /** Which selected file it is; absent for content that belongs to no selection. */
  readonly item?: { readonly source: SelectedFiles; readonly index: number };
}

/** A file of the layer, by whatever names. */
export interface Inode extends Omit<TarEntry, 'path' | 'mode' | 'uid' | 'gid' | 'mtimeSec' | 'mtimeNsec' | 'xattrs'> {
  mode: number;
  uid: number;
  gid: number;
  mtimeSec: number;
  mtimeNsec: number;
  xattrs: ReadonlyMap<string, Uint8Array>;
  readonly content?: Content | undefined;
}

/** Files of one kind of origin, made when they are looked at: there may be hundreds of thousands, so none is kept. */
export interface PlacedFiles {
  /** Equal for equal indices; nobody changes it. */
  inode(index: number): Inode;
}

interface DraftNode {
  readonly inode: Inode;
  /** A directory that shows what the base has below it. */
  readonly merges: boolean;
  /** A directory whose attributes come from the base. */
  kept: boolean;
}

export const SET_GROUP_ID = 0o2000;

/** A layer in the making on top of a base: only what is touched is held, so it costs what the layer costs. */
export class LayerDraft {
  #base: Tree;
  /** Facts that are known once and for all. */
  readonly #takenOver: [string, Json][] = [];
  /** A number is that of a placed file, which has no other name. */
  readonly #nodes = new Map<RelPath, DraftNode | number>();
  /** From the first directory that makes room on. */
  #below: NamesBelow | undefined;
  /** Files are numbered through, from `first` on. */
  readonly #placed: { readonly first: number; readonly files: PlacedFiles }[] = [];
  #placedCount = 0;
  /** Whether the base is seen below the directory that was asked for last. */
  #shows: { readonly dir: RelPath; readonly isShown: boolean } | undefined;

  constructor(base: Tree) {
    this.#base = base;
  }

  /** The same one, opened again. */
  reopenOn(base: Tree): void {
    this.#base = base;
  }

  lookup(path: RelPath): Omit<TarEntry, 'path'> | undefined {
    const node = this.#nodes.get(path);
    if (node !== undefined) return this.#inodeOf(node);
    return this.#showsBase(path) ? this.#base.lookup(path) : undefined;
  }

  /**
   * Replaces whatever is there. Parents must exist; those of the base become part of the layer.
   * @throws BuildError copy-invalid for a name that means a whiteout
   */
  put(path: RelPath, inode: Inode): void {
    this.#makeRoom(path);
    this.#set(path, { inode, merges: false, kept: false });
    this.#shows = undefined;
  }

  /** Announces so many files. @returns the number of the first, for `place` */
  number(files: PlacedFiles, count: number): number {
    const first = this.#placedCount;
    this.#placed.push({ first, files });
    this.#placedCount += count;
    return first;
  }

  /**
   * As `put`, for an announced file with one name, no directory.
   * @throws BuildError copy-invalid
   */
  place(path: RelPath, number: number): void {
    this.#makeRoom(path);
    this.#set(path, number);
  }

  /** The file at a path, for another name of it: one of the base becomes part of the layer, content and all. */
  adopt(path: RelPath): Inode {
    const known = this.#nodes.get(path);
    if (typeof known === 'number') {
      const inode = this.#inodeOf(known);
      this.#nodes.set(path, { inode, merges: false, kept: false });
      return inode;
    }
    if (known !== undefined) return known.inode;
    const entry = this.#showsBase(path) ? this.#base.lookup(path) : undefined;
    if (entry === undefined || entry.type === 'directory')
      throw new Error(`no file to link to: ${JSON.stringify(path)}`);
    const inode: Inode = {
      ...entry,
      content: entry.type === 'file' ? { read: (sink) => this.#base.read(entry, sink) } : undefined,
    };
    this.put(path, inode);
    const content = entry.type === 'file' ? this.#base.digest(entry) : entry.link;
    this.#takenOver.push([path, [content, entry.devMajor, entry.devMinor, xattrFacts(inode)]]);
    return inode;
  }

  /** The group that a set-group-id directory gives to what is made at this path, in it; undefined for other directories. */
  groupFor(path: RelPath): number | undefined {
    const parent = this.lookup(parentOf(path));
    if (parent === undefined || (parent.mode & SET_GROUP_ID) === 0) return undefined;
    this.#takenOver.push([path, ['group', parent.gid]]);
    return parent.gid;
  }

  /** The attributes of a directory that exists, to be changed in place. */
  directory(path: RelPath): Inode {
    return this.#touch(path).inode;
  }

  /** Says that nothing of a directory's attributes is the base's any more. */
  disown(path: RelPath): void {
    const node = this.#touch(path);
    if (node.inode.xattrs.size === 0) node.kept = false;
  }

  /** Every name in the layer. */
  *names(): Iterable<{ readonly path: RelPath; readonly isDirectory: boolean }> {
    for (const [path, node] of this.#nodes)
      yield { path, isDirectory: typeof node !== 'number' && node.inode.type === 'directory' };
  }

  /** The inode of a name that other names may have too. */
  shared(path: RelPath): Inode | undefined {
    const node = this.#nodes.get(path);
    return node === undefined || typeof node === 'number' || node.inode.type === 'directory' ? undefined : node.inode;
  }

  /** What a name of the layer stands for. `isOpaque`: a directory that hides the base's of the same name. */
  at(path: RelPath): { readonly inode: Inode; readonly isOpaque: boolean; readonly canHaveNames: boolean } {
    const node = this.#nodes.get(path);
    if (node === undefined) throw new Error(`no name of the layer: ${JSON.stringify(path)}`);
    if (typeof node === 'number') return { inode: this.#inodeOf(node), isOpaque: false, canHaveNames: false };
    const { inode, merges } = node;
    const isDirectory = inode.type === 'directory';
    return {
      inode,
      isOpaque: isDirectory && !merges && this.#hidesDirectory(path),
      canHaveNames: !isDirectory,
    };
  }

  get size(): number {
    return this.#nodes.size;
  }

  /** What the layer took over from the base: two bases that agree in it give the same layer. */
  facts(): Json {
    const facts: [string, Json][] = [...this.#takenOver];
    for (const [path, node] of this.#nodes) {
      if (typeof node === 'number') continue;
      const { inode, kept, merges } = node;
      if (kept) facts.push([path, [inode.mode, inode.uid, inode.gid, xattrFacts(inode)]]);
      else if (inode.type === 'directory' && !merges && this.#hidesDirectory(path)) facts.push([path, 'opaque']);
    }
    return facts.sort(([a], [b]) => (a < b ? -1 : 1));
  }

  #inodeOf(node: DraftNode | number): Inode {
    if (typeof node !== 'number') return node.inode;
    let low = 0;
    for (let high = this.#placed.length; high - low > 1; ) {
      const middle = (low + high) >> 1;
      if ((this.#placed[middle]?.first ?? 0) <= node) low = middle;
      else high = middle;
    }
    const placed = this.#placed[low];
    if (placed === undefined) throw new Error(`no file ${node} was announced`);
    return placed.files.inode(node - placed.first);
  }

  #hidesDirectory(path: RelPath): boolean {
    return this.#showsBase(path) && this.#base.lookup(path)?.type === 'directory';
  }

  #makeRoom(path: RelPath): void {
    if (baseName(path).startsWith('.wh.')) throw reserved(path);
    this.#touchParent(path);
    const there = this.#nodes.get(path);
    if (there === undefined || typeof there === 'number' || there.inode.type !== 'directory') return;
    this.#below ??= new NamesBelow(this.#nodes.keys());
    for (const name of this.#below.take(path)) this.#nodes.delete(name);
    this.#shows = undefined;
  }

  #set(path: RelPath, node: DraftNode | number): void {
    this.#nodes.set(path, node);
    this.#below?.add(path);
  }

  /** True when no part of the layer hides what the base has at the path. */
  #showsBase(path: RelPath): boolean {
    if (path === TOP) return true;
    const dir = parentOf(path);
    if (this.#shows?.dir !== dir) this.#shows = { dir, isShown: this.#showsBelow(dir) };
    return this.#shows.isShown;
  }

  #showsBelow(dir: RelPath): boolean {
    const node = this.#nodes.get(dir);
    if (node !== undefined) return typeof node !== 'number' && node.inode.type === 'directory' && node.merges;
    return dir === TOP || this.#showsBelow(parentOf(dir));
  }

  #touchParent(path: RelPath): void {
    if (path !== TOP) this.#touch(parentOf(path));
  }

  #touch(path: RelPath): DraftNode {
    const known = this.#nodes.get(path);
    if (known !== undefined && typeof known !== 'number') return known;
    const entry = known === undefined && this.#showsBase(path) ? this.#base.lookup(path) : undefined;
    if (entry?.type !== 'directory') throw new Error(`no directory to put a file into: ${JSON.stringify(path)}`);
    this.#touchParent(path);
    const node: DraftNode = { inode: { ...entry }, merges: true, kept: true };
    this.#set(path, node);
    this.#shows = undefined;
    return node;
  }
}

function xattrFacts(inode: Inode): Json {
  return [...inode.xattrs].map(([name, value]) => [name, Buffer.from(value).toString('hex')]);
}

function reserved(path: RelPath): BuildError {
  return new BuildError(
    'copy-invalid',
    `/${displayPath(path)} cannot be in an image: in a layer, a name that begins with .wh. means that a file was removed`,
    {
      hint: 'rename the file, or exclude it with --exclude or .dockerignore',
    },
  );
}
