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
/** 64-bit words of one file in a page: dev, ino, mtime, ctime in ns; size and mtime in s as floats; mode and nlink; ns of mtime, and nothing. */
const WORDS = 8;
const [DEV, INO, MTIME_NS, CTIME_NS, SIZE, MTIME_S] = [0, 1, 2, 3, 4, 5];
/** As 32-bit words. */
const [MODE, NLINK, MTIME_NSEC] = [12, 13, 14];

/** Files by number, in views of the same bytes: what an entry needs is read without making a bigint. */
class StatPage {
  readonly bigints = new BigUint64Array(WORDS << PAGE_BITS);
  readonly floats = new Float64Array(this.bigints.buffer);
  readonly words = new Uint32Array(this.bigints.buffer);

  bigint(at: number): bigint {
    return this.bigints[at] ?? 0n;
  }

  float(at: number): number {
    return this.floats[at] ?? 0;
  }

  /** @param at in 32-bit words */
  word(at: number): number {
    return this.words[at] ?? 0;
  }
}

/**
 * The files of a context that were looked at, by number: about 150 bytes for each and no object, so that hundreds of
 * thousands of them are no matter. What was seen once stays as it was.
 */
export class SeenFiles {
  readonly #names = new NameTree();
  readonly #known = new Numbers(Uint8Array);
  readonly #stats: StatPage[] = [];
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
    while (this.#stats.length <= node >>> PAGE_BITS) this.#stats.push(new StatPage());
    const { bigints, floats, words } = this.#pageOf(node);
    const at = placeOf(node);
    bigints[at + DEV] = stat.dev;
    bigints[at + INO] = stat.ino;
    bigints[at + MTIME_NS] = stat.mtimeNs;
    bigints[at + CTIME_NS] = stat.ctimeNs;
    floats[at + SIZE] = Number(stat.size);
    const nsec = ((stat.mtimeNs % NS) + NS) % NS;
    floats[at + MTIME_S] = Number((stat.mtimeNs - nsec) / NS);
    words[2 * at + MTIME_NSEC] = Number(nsec);
    words[2 * at + MODE] = Number(stat.mode);
    words[2 * at + NLINK] = Number(stat.nlink);
    if (link !== '') this.#links.set(node, link);
    if (xattrs.size > 0) this.#xattrs.set(node, xattrs);
    if (stat.rdev !== 0n) this.#devices.set(node, stat.rdev);
  }

  /** Of a node that was kept. */
  stat(node: number): FileStat {
    const page = this.#pageOf(node);
    const at = placeOf(node);
    return {
      dev: page.bigint(at + DEV),
      ino: page.bigint(at + INO),
      size: BigInt(page.float(at + SIZE)),
      mtimeNs: BigInt.asIntN(64, page.bigint(at + MTIME_NS)),
      ctimeNs: BigInt.asIntN(64, page.bigint(at + CTIME_NS)),
      mode: BigInt(page.word(2 * at + MODE)),
      nlink: BigInt(page.word(2 * at + NLINK)),
      rdev: this.#devices.get(node) ?? 0n,
    };
  }

  /** Of a node that was kept. */
  type(node: number): EntryType {
    return typeOf(this.#pageOf(node).word(2 * placeOf(node) + MODE)) ?? 'file';
  }

  /** Of a node that was kept. */
  entry(node: number, path: RelPath): TreeEntry {
    const page = this.#pageOf(node);
    const at = placeOf(node);
    const mode = page.word(2 * at + MODE);
    const type = typeOf(mode) ?? 'file';
    const entry: TreeEntry = {
      path,
      type,
      mode: type === 'symlink' ? 0o777 : mode & 0o7777,
      uid: 0,
      gid: 0,
      size: type === 'file' ? page.float(at + SIZE) : 0,
      mtimeSec: page.float(at + MTIME_S),
      mtimeNsec: page.word(2 * at + MTIME_NSEC),
      link: this.#links.get(node) ?? '',
      devMajor: 0,
      devMinor: 0,
      xattrs: this.#xattrs.get(node) ?? NO_XATTRS,
    };
    return type === 'file' && page.word(2 * at + NLINK) <= 1 ? entry : { ...entry, ...this.#more(node, type) };
  }

  /** What few entries have: numbers of a device, other names. */
  #more(node: number, type: EntryType): Partial<TreeEntry> {
    const page = this.#pageOf(node);
    const at = placeOf(node);
    const rdev = type === 'character' || type === 'block' ? this.#devices.get(node) : undefined;
    const isLinked = type !== 'directory' && page.word(2 * at + NLINK) > 1;
    return {
      ...(rdev === undefined ? {} : { devMajor: majorOf(rdev), devMinor: minorOf(rdev) }),
      ...(isLinked ? { linkGroup: `${page.bigint(at + DEV)}:${page.bigint(at + INO)}` } : {}),
    };
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

  #pageOf(node: number): StatPage {
    return this.#stats[node >>> PAGE_BITS] as StatPage;
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

/** Of a node in its page, in 64-bit words. */
function placeOf(node: number): number {
  return WORDS * (node & ((1 << PAGE_BITS) - 1));
}

/** Linux's encoding of device numbers. */
function majorOf(rdev: bigint): number {
  return Number(((rdev >> 8n) & 0xfffn) | ((rdev >> 32n) & ~0xfffn));
}

function minorOf(rdev: bigint): number {
  return Number((rdev & 0xffn) | ((rdev >> 12n) & ~0xffn & 0xffffffffn));
}
