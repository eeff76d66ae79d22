import { type Digest, Digests } from '../../../cache/index.ts';
import { FileStat, STAT_WORDS } from '../../host/fs/index.ts';
import type { EntryType } from '../../image/archive/index.ts';
import { NameTree, NO_NODE, Numbers, TOP_NODE, type TreeEntry } from '../../image/toc/index.ts';
import type { RelPath } from '../../util/rel-path.ts';

/** What is known of a node, as bits. */
export const KNOWN = { looked: 1, there: 2, judged: 4, visible: 8 } as const;

/** What else than stat tells of a file. */
export interface Found {
  readonly stat: FileStat;
  readonly link: string;
  readonly xattrs: ReadonlyMap<string, Uint8Array>;
}

const PAGE_BITS = 12;

/**
 * The files of a context that were looked at, by number: about 150 bytes for each and no object, so that hundreds of
 * thousands of them are no matter. What was seen once stays as it was.
 */
export class SeenFiles {
  readonly #names = new NameTree();
  readonly #known = new Numbers(Uint8Array);
  readonly #stats: Uint32Array[] = [];
  readonly #stat = new FileStat();
  /** Whose stat was loaded. */
  #loaded = NO_NODE;
  readonly #digests = new Digests();
  readonly #links = new Map<number, string>();
  readonly #xattrs = new Map<number, Found['xattrs']>();
  readonly #devices = new Map<number, Pick<TreeEntry, 'devMajor' | 'devMinor'>>();
  readonly #children = new Map<number, Uint32Array>();

  constructor() {
    this.#known.push(0);
  }

  /** Names that were met. */
  get size(): number {
    return this.#names.size;
  }

  /** NO_NODE when nobody named it yet. */
  find(parent: number, name: string): number {
    return this.#names.find(parent, name);
  }

  /** @throws TooManyNames */
  findOrAdd(parent: number, name: string): number {
    const node = this.#names.findOrAdd(parent, name);
    if (node === this.#known.length) this.#known.push(0);
    return node;
  }

  name(node: number): string {
    return this.#names.name(node);
  }

  knows(node: number, bit: number): boolean {
    return (this.#known.get(node) & bit) !== 0;
  }

  learn(node: number, bits: number): void {
    this.#known.set(node, this.#known.get(node) | bits);
  }

  keep(node: number, { stat, link, xattrs }: Found): void {
    while (this.#stats.length <= node >>> PAGE_BITS) this.#stats.push(new Uint32Array(STAT_WORDS << PAGE_BITS));
    this.#pageOf(node).set(stat.words, placeOf(node));
    if (link !== '') this.#links.set(node, link);
    if (xattrs.size > 0) this.#xattrs.set(node, xattrs);
    const { devMajor, devMinor } = stat;
    if (devMajor !== 0 || devMinor !== 0) this.#devices.set(node, { devMajor, devMinor });
  }

  /** Of a node that was kept; valid until the next call. */
  stat(node: number): FileStat {
    if (this.#loaded !== node) this.#stat.load(this.#pageOf(node), placeOf(node));
    this.#loaded = node;
    return this.#stat;
  }

  /** Of a node that was kept. */
  type(node: number): EntryType {
    return typeOf(this.stat(node).mode) ?? 'file';
  }

  /** Of a node that was kept. */
  entry(node: number, path: RelPath): TreeEntry {
    const stat = this.stat(node);
    const type = typeOf(stat.mode) ?? 'file';
    const entry: TreeEntry = {
      path,
      type,
      mode: type === 'symlink' ? 0o777 : stat.mode & 0o7777,
      uid: 0,
      gid: 0,
      size: type === 'file' ? stat.size : 0,
      mtimeSec: stat.mtimeSec,
      mtimeNsec: stat.mtimeNsec,
      link: type === 'symlink' ? (this.#links.get(node) ?? '') : '',
      devMajor: 0,
      devMinor: 0,
      xattrs: this.#xattrs.get(node) ?? NO_XATTRS,
    };
    return type === 'file' && stat.nlink <= 1 ? entry : { ...entry, ...this.#more(node, type) };
  }

  /** What few entries have: numbers of a device, other names. */
  #more(node: number, type: EntryType): Partial<TreeEntry> {
    const { nlink, inode } = this.stat(node);
    const device = type === 'character' || type === 'block' ? this.#devices.get(node) : undefined;
    return { ...device, ...(type !== 'directory' && nlink > 1 ? { linkGroup: inode } : {}) };
  }

  hasXattrs(node: number): boolean {
    return this.#xattrs.has(node);
  }

  digest(node: number): Digest | undefined {
    return this.#digests.get(node);
  }

  keepDigest(node: number, digest: Digest): void {
    this.#digests.set(node, digest);
  }

  #pageOf(node: number): Uint32Array {
    return this.#stats[node >>> PAGE_BITS] as Uint32Array;
  }

  /** In the order in which they were given; undefined for a directory that was not listed. */
  children(dir: number): Uint32Array | undefined {
    return this.#children.get(dir);
  }

  /** @throws TooManyNames */
  keepChildren(dir: number, names: readonly string[]): Uint32Array {
    const nodes = Uint32Array.from(names, (name) => this.findOrAdd(dir, name));
    this.#children.set(dir, nodes);
    return nodes;
  }
}

export { NO_NODE, TOP_NODE };

export const NO_XATTRS: ReadonlyMap<string, Uint8Array> = new Map();

/** undefined for sockets, which no layer can hold. */
export function typeOf(mode: number): EntryType | undefined {
  switch (mode & 0o170000) {
    case 0o100000:
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

/** Of a node in its page. */
function placeOf(node: number): number {
  return STAT_WORDS * (node & ((1 << PAGE_BITS) - 1));
}
