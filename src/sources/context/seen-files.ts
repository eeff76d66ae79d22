import { createHash } from 'node:crypto';
import { type Digest, digestOfHash, KEY_AT } from '../../../cache/index.ts';
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

/** What is known of a node, as bits. */
export const KNOWN = { looked: 1, there: 2, judged: 4, visible: 8, linked: 16, directory: 32, file: 64 } as const;

/** What a look at a file tells. */
export interface Found {
  readonly stat: FileStat;
  readonly link: string;
}

const PAGE_BITS = 10;
const PAGE = 1 << PAGE_BITS;

/**
 * The files of a context that were looked at, by number and without an object, so that hundreds of thousands of them are no matter:
 * about 100 bytes for each. What was seen once stays as it was.
 */
export class SeenFiles {
  readonly #names = new NameTree();
  /** Directories that are not listed, but have names. */
  readonly #named = new Set<number>();
  readonly #known = new Numbers(Uint8Array);
  /** Of nodes that were kept: the number of their stat, plus one. */
  readonly #places = new Numbers(Uint32Array);
  readonly #stats: Uint32Array<ArrayBuffer>[] = [];
  #statCount = 0;
  readonly #stat = new FileStat();
  /** Whose stat was loaded. */
  #loaded = NO_NODE;
  readonly #links = new Map<number, string>();
  readonly #devices = new Map<number, Pick<TreeEntry, 'devMajor' | 'devMinor'>>();
  readonly #children = new Map<number, Nodes>();
  /** Found last: mostly the one after it is looked for next. */
  #found = TOP_NODE;

  constructor() {
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

  keep(node: number, { stat, link }: Found): void {
    const type = typeOf(stat.mode);
    if (type === 'directory') this.learn(node, KNOWN.directory);
    else this.learn(node, (type === 'file' ? KNOWN.file : 0) | (stat.nlink > 1 ? KNOWN.linked : 0));
    this.#places.set(node, 1 + this.#keepStat(stat));
    if (link !== '') this.#links.set(node, link);
    const { devMajor, devMinor } = stat;
    if (devMajor !== 0 || devMinor !== 0) this.#devices.set(node, { devMajor, devMinor });
  }

  /**
   * One for all that was seen: names in the order in which they were met, what is known of them, states in the order of the looks, links and
   * numbers of devices. Where it is the same, nothing but attributes can have changed.
   */
  fingerprint(): Digest {
    const hash = createHash('sha256');
    hash.update(JSON.stringify([this.size, this.#statCount, [...this.#links], [...this.#devices]]));
    for (const list of [this.#names, this.#known, this.#places]) for (const bytes of list.memory()) hash.update(bytes);
    for (const [number, page] of this.#stats.entries())
      hash.update(page.subarray(0, STAT_WORDS * Math.min(this.#statCount - (number << PAGE_BITS), PAGE)));
    return digestOfHash(hash);
  }

  /** Of a node that was kept; valid until the next call. */
  stat(node: number): FileStat {
    if (this.#loaded === node) return this.#stat;
    const number = this.#places.get(node) - 1;
    this.#stat.load(this.#pageOf(number), wordOf(number));
    this.#loaded = node;
    return this.#stat;
  }

  /** Of a node that was kept. */
  type(node: number): EntryType {
    if (this.knows(node, KNOWN.file)) return 'file';
    return typeOf(this.stat(node).mode) ?? 'file';
  }

  /** Of a node that was kept. */
  entry(node: number, path: RelPath, xattrs: TreeEntry['xattrs']): TreeEntry {
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
      xattrs,
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
    const number = this.#places.get(node) - 1;
    return this.#pageOf(number)[wordOf(number) + KEY_AT.mode] ?? 0;
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
    if (number >>> PAGE_BITS === this.#stats.length) this.#stats.push(new Uint32Array(STAT_WORDS * PAGE));
    this.#pageOf(number).set(stat.words, wordOf(number));
    return number;
  }

  #pageOf(stat: number): Uint32Array<ArrayBuffer> {
    return this.#stats[stat >>> PAGE_BITS] as Uint32Array<ArrayBuffer>;
  }
}

export { NO_NODE, TOP_NODE };

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
  return STAT_WORDS * (stat & (PAGE - 1));
}
