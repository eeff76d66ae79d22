import { IMPLIED_DIRECTORY } from '../../../image/archive/index.ts';
import type { TocEntry } from '../../../image/toc/index.ts';
import { baseName, displayPath, parentOf, type RelPath, TOP } from '../../../util/rel-path.ts';
import { BLOCK, encodeDevice, MAX_NAME, MAX_SYMLINK } from './format.ts';
import { type EncodedXattr, encodeXattr } from './xattrs.ts';

export interface Inode {
  readonly entry: TocEntry;
  readonly parent: Inode | undefined;
  readonly xattrs: readonly EncodedXattr[];
  /** Of a directory, by name, in byte order. */
  readonly children: Child[];
  nlink: number;
  /** In the image, once it has one: its offset in slots. */
  nid: number;
}

export interface Child {
  /** Bytes decoded as latin1. */
  readonly name: string;
  readonly inode: Inode;
}

export interface InodeTree {
  /** The top first. */
  readonly inodes: readonly Inode[];
  /** Entries below what is no directory, or that link to nothing: they are not there. */
  readonly skipped: readonly string[];
  /** Xattrs that files cannot have. */
  readonly lost: ReadonlySet<string>;
}

/** The layer holds what the format, or this writer, has no place for. */
export class ImageRefused extends Error {
  override readonly name = 'ImageRefused';
}

/** Makes of a layer's entries, parents first, a tree of inodes: what a directory of the layer would show. */
export class InodeTreeMaker {
  readonly #opaque: readonly EncodedXattr[];
  readonly #inodes: Inode[] = [];
  readonly #directories = new Map<RelPath, Inode>();
  readonly #links: TocEntry[] = [];
  readonly #skipped: string[] = [];
  readonly #lost = new Set<string>();

  /** @param opaqueXattr marks directories that hide what is below */
  constructor(opaqueXattr: string) {
    const encoded = encodeXattr(opaqueXattr, Buffer.from('y'));
    this.#opaque = encoded === undefined ? [] : [encoded];
  }

  /** @throws ImageRefused */
  add(entry: TocEntry): void {
    if (entry.path !== TOP && this.#inodes.length === 0) this.#place(TOP_ENTRY);
    if (entry.whiteout === true) this.#place(whiteoutOf(entry.path));
    else if (entry.type === 'hardlink') this.#links.push(entry);
    else this.#place(entry);
  }

  finish(): InodeTree {
    if (this.#inodes.length === 0) this.#place(TOP_ENTRY);
    const files = this.#links.length === 0 ? new Map<RelPath, Inode>() : this.#files();
    for (const entry of this.#links) this.#link(entry, files);
    for (const { children } of this.#directories.values()) {
      children.sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
    }
    return { inodes: this.#inodes, skipped: this.#skipped, lost: this.#lost };
  }

  #place(entry: TocEntry): void {
    const { path } = entry;
    const parent = path === TOP ? undefined : this.#directories.get(parentOf(path));
    if (path !== TOP && parent === undefined) {
      this.#skipped.push(path);
      return;
    }
    assertFits(entry);
    const isDirectory = entry.type === 'directory';
    const inode: Inode = {
      entry,
      parent,
      xattrs: this.#xattrs(entry),
      children: [],
      nlink: isDirectory ? 2 : 1,
      nid: 0,
    };
    this.#inodes.push(inode);
    if (isDirectory) this.#directories.set(path, inode);
    if (parent === undefined) return;
    parent.children.push({ name: baseName(path), inode });
    if (isDirectory) parent.nlink += 1;
  }

  #files(): Map<RelPath, Inode> {
    const files = new Map<RelPath, Inode>();
    for (const inode of this.#inodes) if (inode.entry.type !== 'directory') files.set(inode.entry.path, inode);
    return files;
  }

  #link({ path, link }: TocEntry, files: ReadonlyMap<RelPath, Inode>): void {
    const parent = this.#directories.get(parentOf(path));
    const inode = files.get(link as RelPath);
    if (parent === undefined || inode === undefined || inode.entry.whiteout === true) {
      this.#skipped.push(path);
      return;
    }
    parent.children.push({ name: baseName(path), inode });
    inode.nlink += 1;
  }

  #xattrs({ type, xattrs, opaque }: TocEntry): readonly EncodedXattr[] {
    const isOpaque = opaque === true && type === 'directory';
    if (xattrs.size === 0) return isOpaque ? this.#opaque : NONE;
    const encoded: EncodedXattr[] = isOpaque ? [...this.#opaque] : [];
    for (const [name, value] of xattrs) {
      if (name.startsWith('system.')) throw new ImageRefused(`access control lists (${name})`);
      const isHere = !name.startsWith('user.') || type === 'file' || type === 'directory';
      const one = isHere ? encodeXattr(name, value) : undefined;
      if (one !== undefined) encoded.push(one);
      else this.#lost.add(`xattr ${name}`);
    }
    return encoded;
  }
}

const NONE: readonly EncodedXattr[] = [];

const TOP_ENTRY: TocEntry = { ...IMPLIED_DIRECTORY, path: TOP, offset: 0 };

/** As overlayfs wants it: a character device with the number 0:0. */
function whiteoutOf(path: RelPath): TocEntry {
  return { ...TOP_ENTRY, path, type: 'character', mode: 0, whiteout: true };
}

/** The id that means "none", which no file may have. */
const NO_ID = 0xffffffff;

function assertFits({ path, type, uid, gid, size, offset, link, devMajor, devMinor }: TocEntry): void {
  if (path.length > MAX_NAME && baseName(path).length > MAX_NAME) refuse(path, 'its name is too long');
  if (uid >= NO_ID || gid >= NO_ID) refuse(path, `it belongs to ${uid}:${gid}`);
  if (type === 'file' && size > 0 && offset % BLOCK !== 0)
    refuse(path, 'its content does not begin where a block does');
  if (type === 'symlink' && (link.length === 0 || link.length > MAX_SYMLINK)) refuse(path, 'its target cannot be held');
  if (encodeDevice(devMajor, devMinor) === undefined) refuse(path, `its device number is ${devMajor}:${devMinor}`);
}

function refuse(path: RelPath, what: string): never {
  throw new ImageRefused(`${displayPath(path)}: ${what}`);
}
