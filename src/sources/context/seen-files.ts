import { type Digest, Digests, KEY_AT, NO_ENTRY } from '../../../cache/index.ts';
import { FileStat, STAT_WORDS } from '../../host/fs/index.ts';
import { type EntryType, LINK_MODE } from '../../image/archive/index.ts';
import {
  NameTree,
  NO_NODE,
  type Nodes,
  Numbers,
  type PathCopier,
  TOP_NODE,
  type TreeEntry,
} from '../../image/toc/index.ts';
import type { RelPath } from '../../util/rel-path.ts';
import type { StatIndex } from './context-options.ts';

/** What is known of a node, as bits. */
export const KNOWN = { looked: 1, there: 2, judged: 4, visible: 8, linked: 16, directory: 32, file: 64 } as const;

/** What else than stat tells of a file. */
export interface Found {
  readonly stat: FileStat;
  readonly link: string;
  readonly xattrs: ReadonlyMap<string, Uint8Array>;
  /** Of the stat index, which then holds state and digest; NO_ENTRY when it knows nothing of the file. */
  readonly indexed: number;
}

const PAGE_BITS = 10;
const PAGE_MASK = (1 << PAGE_BITS) - 1;

/**
 * The files of a context that were looked at, by number and without an object, so that hundreds of thousands of them are no matter:
 * about 30 bytes for each of which the stat index knows the rest, about 130 for others. What was seen once stays as it was.
 */
export class SeenFiles {
  readonly #index: StatIndex | undefined;
  readonly #names = new NameTree();
  /** Directories that are not listed, but have names. */
  readonly #named = new Set<number>();
  readonly #known = new Numbers(Uint8Array);
  /** Of nodes that were kept, plus one: twice the entry of the index and one more, or twice the number of a stat of our own. */
  readonly #places = new Numbers(Uint32Array);
  readonly #stats: Uint32Array[] = [];
  #statCount = 0;
  readonly #stat = new FileStat();
  /** Whose stat was loaded. */
  #loaded = NO_NODE;
  /** Of stats of our own. */
  readonly #digests = new Digests();
  readonly #links = new Map<number, string>();
  readonly #xattrs = new Map<number, Found['xattrs']>();
  readonly #devices = new Map<number, Pick<TreeEntry, 'devMajor' | 'devMinor'>>();
  readonly #children = new Map<number, Nodes>();
  /** Found last: mostly the one after it is looked for next. */
  #found = TOP_NODE;

  constructor(index?: StatIndex) {
    this.#index = index;
    this.#announce(TOP_NODE);
  }

  /** Names that were met. */
  get size(): number {
    return this.#names.size;
  }

  /** NO_NODE when nobody named it yet. */
  find(parent: number, name: string): number {
    const children = this.#children.get(parent);
    const next = this.#found + 1;
    if (children === undefined || this.#named.has(parent)) return this.#names.find(parent, name);
    const node =
      next < this.size && this.#names.isNamed(next, parent, name) ? next : this.#names.findIn(children, name);
    if (node !== NO_NODE) this.#found = node;
    return node;
  }

  /** Of a directory that was not listed. @throws TooManyNames */
  findOrAdd(parent: number, name: string): number {
    const node = this.#names.findOrAdd(parent, name);
    this.#named.add(parent);
    this.#announce(node);
    return node;
  }

  name(node: number): string {
    return this.#names.name(node);
  }

  parent(node: number): number {
    return this.#names.parent(node);
  }

  path(node: number): RelPath {
    return this.#names.path(node) as RelPath;
  }

  pathCopier(above: number): PathCopier {
    return this.#names.pathCopier(above);
  }

  /** @returns where it ends in the buffer */
  copyName(node: number, into: Uint8Array, offset: number): number {
    return this.#names.copyName(node, into, offset);
  }

  knows(node: number, bit: number): boolean {
    return (this.#known.get(node) & bit) !== 0;
  }

  learn(node: number, bits: number): void {
    this.#known.set(node, this.#known.get(node) | bits);
  }

  keep(node: number, { stat, link, xattrs, indexed }: Found): void {
    const type = typeOf(stat.mode);
    if (type === 'directory') this.learn(node, KNOWN.directory);
    else this.learn(node, (type === 'file' ? KNOWN.file : 0) | (stat.nlink > 1 ? KNOWN.linked : 0));
    this.#places.set(node, 1 + (indexed === NO_ENTRY ? 2 * this.#keepStat(stat) : 2 * indexed + 1));
    if (link !== '') this.#links.set(node, link);
    if (xattrs.size > 0) this.#xattrs.set(node, xattrs);
    const { devMajor, devMinor } = stat;
    if (devMajor !== 0 || devMinor !== 0) this.#devices.set(node, { devMajor, devMinor });
  }

  /** Of a node that was kept; valid until the next call. */
  stat(node: number): FileStat {
    if (this.#loaded === node) return this.#stat;
    const place = this.#places.get(node) - 1;
    if ((place & 1) === 0) this.#stat.load(this.#pageOf(place >>> 1), wordOf(place >>> 1));
    else {
      this.#index?.load(place >>> 1, this.#stat.words);
      this.#stat.complete(this.knows(node, KNOWN.linked) ? 2 : 1);
    }
    this.#loaded = node;
    return this.#stat;
  }

  /** Of a node that was kept. */
  type(node: number): EntryType {
    if (this.knows(node, KNOWN.file)) return 'file';
    return typeOf(this.stat(node).mode) ?? 'file';
  }

  /** Of a node that was kept. */
  entry(node: number, path: RelPath): TreeEntry {
    const stat = this.stat(node);
    const type = typeOf(stat.mode) ?? 'file';
    const entry: TreeEntry = {
      path,
      type,
      mode: type === 'symlink' ? LINK_MODE : stat.mode & 0o7777,
      uid: 0,
      gid: 0,
      size: type === 'file' ? stat.size : 0,
      mtimeSec: stat.mtimeSec,
      mtimeNsec: stat.mtimeNsec,
      link: type === 'symlink' ? (this.#links.get(node) ?? '') : '',
      devMajor: 0,
      devMinor: 0,
      xattrs: this.#xattrs.size === 0 ? NO_XATTRS : (this.#xattrs.get(node) ?? NO_XATTRS),
    };
    return type === 'file' && !this.knows(node, KNOWN.linked) ? entry : { ...entry, ...this.#more(node, type) };
  }

  /** What few entries have: numbers of a device, other names. */
  #more(node: number, type: EntryType): Partial<TreeEntry> {
    const device = type === 'character' || type === 'block' ? this.#devices.get(node) : undefined;
    const linkGroup = this.linkGroup(node);
    return { ...device, ...(linkGroup === undefined ? {} : { linkGroup }) };
  }

  /** Equal for the names of one file; undefined for a file with one name. Of a node that was kept. */
  linkGroup(node: number): string | undefined {
    return this.knows(node, KNOWN.linked) ? this.stat(node).inode : undefined;
  }

  /** Of a node that was kept: as st_mode. */
  mode(node: number): number {
    const place = this.#places.get(node) - 1;
    if ((place & 1) === 1) return this.#index?.mode(place >>> 1) ?? 0;
    return this.#pageOf(place >>> 1)[wordOf(place >>> 1) + KEY_AT.mode] ?? 0;
  }

  hasXattrs(node: number): boolean {
    return this.#xattrs.has(node);
  }

  digest(node: number): Digest | undefined {
    const place = this.#places.get(node) - 1;
    if (place < 0) return undefined;
    return (place & 1) === 0 ? this.#digests.get(place >>> 1) : this.#index?.digest(place >>> 1);
  }

  hasDigest(node: number): boolean {
    const place = this.#places.get(node) - 1;
    return place >= 0 && ((place & 1) === 1 || this.#digests.has(place >>> 1));
  }

  /** The 32 bytes of a digest that is there. */
  copyDigest(node: number, into: Uint8Array, offset: number): void {
    const place = this.#places.get(node) - 1;
    if ((place & 1) === 0) this.#digests.copy(place >>> 1, into, offset);
    else this.#index?.copyDigest(place >>> 1, into, offset);
  }

  /** Of a node that was kept without an entry of the index. @param indexed where the index has the same state and the digest now */
  keepDigest(node: number, digest: Digest, indexed: number = NO_ENTRY): void {
    if (indexed !== NO_ENTRY) this.#places.set(node, 2 * indexed + 2);
    else this.#digests.set((this.#places.get(node) - 1) >>> 1, digest);
  }

  /** In the order in which they were given; undefined for a directory that was not listed. */
  children(dir: number): Nodes | undefined {
    return this.#children.get(dir);
  }

  /** @param names in byte order @throws TooManyNames */
  keepChildren(dir: number, names: readonly string[]): Nodes {
    const nodes = this.#named.has(dir)
      ? Uint32Array.from(names, (name) => this.findOrAdd(dir, name))
      : this.#names.addSorted(dir, names);
    this.#announce(this.size - 1);
    this.#children.set(dir, nodes);
    return nodes;
  }

  #announce(last: number): void {
    while (this.#known.length <= last) {
      this.#known.push(0);
      this.#places.push(0);
    }
  }

  #keepStat(stat: FileStat): number {
    const number = this.#statCount;
    this.#statCount += 1;
    if (number >>> PAGE_BITS === this.#stats.length) this.#stats.push(new Uint32Array(STAT_WORDS << PAGE_BITS));
    this.#pageOf(number).set(stat.words, wordOf(number));
    return number;
  }

  #pageOf(stat: number): Uint32Array {
    return this.#stats[stat >>> PAGE_BITS] as Uint32Array;
  }
}

export { NO_NODE, TOP_NODE };

export const NO_XATTRS: ReadonlyMap<string, Uint8Array> = new Map();

const TYPE = 0o170000;
const SOCKET = 0o140000;

/** A file without content: no layer can hold the socket itself. */
export function isSocket(mode: number): boolean {
  return (mode & TYPE) === SOCKET;
}

/** undefined for what no file system of Linux has. */
export function typeOf(mode: number): EntryType | undefined {
  switch (mode & TYPE) {
    case 0o100000:
    case SOCKET:
      return 'file';
    case 0o040000:
      return 'directory';
    case 0o120000:
      return 'symlink';
    case 0o010000:
      return 'fifo';
    case 0o020000:
      return 'character';
    case 0o060000:
      return 'block';
    default:
      return undefined;
  }
}

/** Of a stat in its page. */
function wordOf(stat: number): number {
  return STAT_WORDS * (stat & PAGE_MASK);
}
