import type { RelPath } from '../../util/rel-path.ts';
import { ArchiveError, type TarEntry } from '../archive/index.ts';
import type { TocEntry } from '../toc/index.ts';
import { splitPath } from './names.ts';

/** An inode: names that are hard links of one another share it. Its own entry may say `hardlink`, to a file of a lower layer. */
export interface LayerFile {
  entry: TarEntry;
  readonly offset: number;
}

interface Node {
  /** undefined: a directory that only what lies in it names, or nothing but a removal. */
  file: LayerFile | undefined;
  children: Map<string, Node> | undefined;
  isRemoved: boolean;
  isOpaque: boolean;
}

const MOST_LINKS = 40;
const MOST_BYTES = 4096;

/**
 * The entries of one layer, applied in their order: a later one replaces what was there, with all below it; only a directory over a
 * directory leaves the contents. Symlinks of this layer on the way are followed inside it, as engines do.
 */
export class LayerTree {
  readonly #top: Node = emptyNode();
  readonly #aside = new Map<string, LayerFile>();

  /** `undefined` leaves nothing. @throws ArchiveError when something that is no directory is in the way */
  replace(path: RelPath, file: LayerFile | undefined): void {
    if (path === '') {
      this.#top.file = file;
      return;
    }
    const { dir, base } = splitPath(path);
    const siblings = childrenOf(this.#directory(dir));
    const there = siblings.get(base);
    if (there !== undefined && isDirectory(there) && file?.entry.type === 'directory') there.file = file;
    else if (file !== undefined || there !== undefined)
      siblings.set(base, { ...emptyNode(), file, isRemoved: there?.isRemoved ?? false });
  }

  /** The header of a hard link speaks of the file. A target that is not here is a lower layer's. */
  link(entry: TarEntry): void {
    const there = this.#find(entry.link);
    if (entry.link === '' || (there !== undefined && isDirectory(there)))
      throw new ArchiveError('unsupported', `${entry.path} is a hard link to the directory ${entry.link}`);
    const target = this.#aside.get(entry.link) ?? there?.file;
    if (target === undefined) {
      this.replace(entry.path, { entry, offset: 0 });
      return;
    }
    target.entry = withAttributes(target.entry, entry);
    if (this.#find(entry.path)?.file !== target) this.replace(entry.path, target);
  }

  /** The name is gone from the layers below; what this layer has there stays, whichever came first. */
  remove(dir: string, name: string): void {
    const siblings = childrenOf(this.#directory(dir));
    const there = siblings.get(name);
    if (there === undefined) siblings.set(name, { ...emptyNode(), isRemoved: true });
    else there.isRemoved = true;
  }

  hideBelow(dir: string): void {
    this.#directory(dir).isOpaque = true;
  }

  /** A file without a name of its own, for links to it. */
  keepAside(file: LayerFile): void {
    this.#aside.set(file.entry.path, file);
  }

  entries(): TocEntry[] {
    const found: Found[] = [];
    collect(this.#top, '', found);
    for (const { node } of found) if (node.file?.entry.type === 'hardlink') node.file = this.#later(node.file);
    const primary = primaryNames(found);
    return found.map((one) => entryOf(one, primary));
  }

  /** What a link that came before its target leads to, if that is of this layer. */
  #later(link: LayerFile): LayerFile {
    let file: LayerFile | undefined = link;
    for (let hops = 0; hops < MOST_LINKS && file?.entry.type === 'hardlink'; hops += 1)
      file = this.#find(file.entry.link)?.file;
    return file === undefined || file.entry.type === 'directory' || file.entry.type === 'hardlink' ? link : file;
  }

  /** Made where it is missing. */
  #directory(path: string): Node {
    const found = this.#walk(path, true);
    if (found === undefined) throw new Error(`${path} was not made`);
    return found;
  }

  #find(path: string): Node | undefined {
    const { dir, base } = splitPath(path);
    return this.#walk(dir, false)?.children?.get(base);
  }

  /** The directory that a path leads to, its symlinks followed in this layer as in a chroot. */
  #walk(path: string, isMade: boolean): Node | undefined {
    const way: Way = { path, trail: [this.#top], rest: path === '' ? [] : path.split('/').reverse(), hops: 0 };
    for (let part = way.rest.pop(); part !== undefined; part = way.rest.pop()) {
      if (isStill(part, way.trail)) continue;
      const here = way.trail.at(-1) ?? this.#top;
      const next = here.children?.get(part) ?? (isMade ? addTo(here, part) : undefined);
      if (next !== undefined && step(next, way)) continue;
      if (!isMade) return undefined;
      throw new ArchiveError('unsafe-name', `an entry lies below ${path}, which is no directory`);
    }
    return way.trail.at(-1);
  }
}

interface Way {
  readonly path: string;
  readonly trail: Node[];
  /** Parts to come, last first. */
  readonly rest: string[];
  hops: number;
}

/** Into a directory, or where a symlink leads; false for anything else. */
function step(next: Node, way: Way): boolean {
  if (next.file?.entry.type === 'symlink') {
    way.hops += 1;
    if (way.hops > MOST_LINKS)
      throw new ArchiveError('unsafe-name', `too many symbolic links on the way to ${way.path}`);
    follow(next.file.entry.link, way);
    return true;
  }
  if (!isDirectory(next) && !isVacant(next)) return false;
  way.trail.push(next);
  if (way.trail.length > MOST_BYTES) throw tooDeep(way.path);
  return true;
}

/** Parts that name nothing new; `..` goes back, and stops at the top. */
function isStill(part: string, trail: Node[]): boolean {
  if (part === '..' && trail.length > 1) trail.pop();
  return part === '' || part === '.' || part === '..';
}

function follow(target: string, { trail, rest }: Way): void {
  if (target.startsWith('/')) trail.length = 1;
  rest.push(...target.split('/').reverse());
}

function withAttributes(file: TarEntry, { mode, uid, gid, mtimeSec, mtimeNsec, xattrs }: TarEntry): TarEntry {
  const all = [...file.xattrs, ...xattrs].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
  return {
    ...file,
    mode: file.type === 'symlink' ? file.mode : mode,
    ...{ uid, gid, mtimeSec, mtimeNsec },
    xattrs: xattrs.size === 0 ? file.xattrs : new Map(all),
  };
}

function emptyNode(): Node {
  return { file: undefined, children: undefined, isRemoved: false, isOpaque: false };
}

function childrenOf(node: Node): Map<string, Node> {
  node.children ??= new Map();
  return node.children;
}

function addTo(dir: Node, name: string): Node {
  const made = emptyNode();
  childrenOf(dir).set(name, made);
  return made;
}

function isDirectory({ file, children }: Node): boolean {
  return file === undefined ? children !== undefined : file.entry.type === 'directory';
}

function isVacant({ file, children }: Node): boolean {
  return file === undefined && children === undefined;
}

interface Found {
  readonly path: string;
  readonly node: Node;
}

function collect(node: Node, path: string, found: Found[]): void {
  if (path.length > MOST_BYTES) throw tooDeep(path);
  if (node.file !== undefined || node.isRemoved || node.isOpaque) found.push({ path, node });
  for (const [name, child] of node.children ?? []) collect(child, path === '' ? name : `${path}/${name}`, found);
}

function tooDeep(path: string): ArchiveError {
  return new ArchiveError('unsafe-name', `links lead to a path that is too long: ${path.slice(0, 100)}…`);
}

/** Of each file with several names: the one that stands for its content. It keeps the one it came under while that is its own. */
function primaryNames(found: readonly Found[]): ReadonlyMap<LayerFile, string> {
  const names = new Map<LayerFile, string[]>();
  for (const { path, node } of found) {
    if (node.file === undefined || node.file.entry.type === 'directory') continue;
    const known = names.get(node.file);
    if (known === undefined) names.set(node.file, [path]);
    else known.push(path);
  }
  const primary = new Map<LayerFile, string>();
  for (const [file, all] of names) {
    const own = all.includes(file.entry.path) ? file.entry.path : all.sort()[0];
    if (all.length > 1 && own !== undefined) primary.set(file, own);
  }
  return primary;
}

function entryOf({ path, node }: Found, primary: ReadonlyMap<LayerFile, string>): TocEntry {
  const { file, children, isRemoved, isOpaque } = node;
  if (file === undefined) {
    const isDirectory = children !== undefined || isOpaque;
    return { ...BARE, path: path as RelPath, ...(isDirectory ? IMPLIED : { whiteout: true }) };
  }
  const entry: TocEntry = { ...file.entry, path: path as RelPath, offset: file.offset };
  if (entry.type === 'directory') return isRemoved || isOpaque ? { ...entry, opaque: true } : entry;
  if (entry.type === 'hardlink') return linkTo(entry, entry.link);
  const own = primary.get(file);
  if (own === undefined) return entry;
  return own === path ? { ...entry, linkGroup: own } : linkTo(entry, own);
}

function linkTo(entry: TocEntry, target: string): TocEntry {
  return { ...entry, type: 'hardlink', link: target, linkGroup: target, size: 0, offset: 0 };
}

const BARE = {
  type: 'file',
  mode: 0,
  uid: 0,
  gid: 0,
  size: 0,
  mtimeSec: 0,
  mtimeNsec: 0,
  link: '',
  devMajor: 0,
  devMinor: 0,
  xattrs: new Map(),
  offset: 0,
} as const;
/** A directory that only its marker names. */
const IMPLIED = { type: 'directory', mode: 0o755, opaque: true } as const;
