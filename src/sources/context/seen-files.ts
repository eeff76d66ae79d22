import { type Digest, Digests } from '../../../cache/index.ts';
import type { FileStat } from '../../host/fs/index.ts';
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
const WORDS = 6;

/**
 * The files of a context that were looked at, by number: about 130 bytes for each and no object, so that hundreds of
 * thousands of them are no matter. What was seen once stays as it was.
 */
export class SeenFiles {
  readonly #names = new NameTree();
  readonly #known = new Numbers(Uint8Array);
  /** dev, ino, size, mtime, ctime, and mode beside nlink. */
  readonly #stats: BigUint64Array[] = [];
  readonly #digests = new Digests();
  readonly #links = new Map<number, string>();
  readonly #xattrs = new Map<number, Found['xattrs']>();
  readonly #devices = new Map<number, bigint>();
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
    const there = this.#names.find(parent, name);
    if (there !== NO_NODE) return there;
    this.#known.push(0);
    return this.#names.add(parent, name);
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
    const page = node >>> PAGE_BITS;
    while (this.#stats.length <= page) this.#stats.push(new BigUint64Array(WORDS << PAGE_BITS));
    const words = this.#stats[page] as BigUint64Array;
    const at = WORDS * (node & ((1 << PAGE_BITS) - 1));
    words[at] = stat.dev;
    words[at + 1] = stat.ino;
    words[at + 2] = stat.size;
    words[at + 3] = stat.mtimeNs;
    words[at + 4] = stat.ctimeNs;
    words[at + 5] = (stat.nlink << 32n) | stat.mode;
    if (link !== '') this.#links.set(node, link);
    if (xattrs.size > 0) this.#xattrs.set(node, xattrs);
    if (stat.rdev !== 0n) this.#devices.set(node, stat.rdev);
  }

  /** Of a node that was kept. */
  stat(node: number): FileStat {
    const words = this.#stats[node >>> PAGE_BITS] as BigUint64Array;
    const at = WORDS * (node & ((1 << PAGE_BITS) - 1));
    const word = (index: number): bigint => words[at + index] ?? 0n;
    return {
      dev: word(0),
      ino: word(1),
      size: word(2),
      mtimeNs: BigInt.asIntN(64, word(3)),
      ctimeNs: BigInt.asIntN(64, word(4)),
      mode: word(5) & 0xffffffffn,
      nlink: word(5) >> 32n,
      rdev: this.#devices.get(node) ?? 0n,
    };
  }

  /** Of a node that was kept. */
  type(node: number): EntryType {
    const words = this.#stats[node >>> PAGE_BITS] as BigUint64Array;
    const mode = words[WORDS * (node & ((1 << PAGE_BITS) - 1)) + 5] ?? 0n;
    return typeOf(Number(mode & 0xffffffffn)) ?? 'file';
  }

  /** Of a node that was kept. */
  entry(node: number, path: RelPath): TreeEntry {
    return entryOf(path, {
      stat: this.stat(node),
      link: this.#links.get(node) ?? '',
      xattrs: this.#xattrs.get(node) ?? NO_XATTRS,
    });
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

const NS = 1_000_000_000n;

function entryOf(path: RelPath, { stat, link, xattrs }: Found): TreeEntry {
  const mode = Number(stat.mode);
  const type = typeOf(mode) ?? 'file';
  const nsec = ((stat.mtimeNs % NS) + NS) % NS;
  const isDevice = type === 'character' || type === 'block';
  const entry: TreeEntry = {
    path,
    type,
    mode: type === 'symlink' ? 0o777 : mode & 0o7777,
    uid: 0,
    gid: 0,
    size: type === 'file' ? Number(stat.size) : 0,
    mtimeSec: Number((stat.mtimeNs - nsec) / NS),
    mtimeNsec: Number(nsec),
    link,
    devMajor: isDevice ? majorOf(stat.rdev) : 0,
    devMinor: isDevice ? minorOf(stat.rdev) : 0,
    xattrs,
  };
  return type !== 'directory' && stat.nlink > 1n ? { ...entry, linkGroup: `${stat.dev}:${stat.ino}` } : entry;
}

/** Linux's encoding of device numbers. */
function majorOf(rdev: bigint): number {
  return Number(((rdev >> 8n) & 0xfffn) | ((rdev >> 32n) & ~0xfffn));
}

function minorOf(rdev: bigint): number {
  return Number((rdev & 0xffn) | ((rdev >> 12n) & ~0xffn & 0xffffffffn));
}
