import { type DirectoryBlock, planDirectory } from './directory-blocks.ts';
import {
  BLOCK,
  CHUNK_BASED,
  CHUNK_INDEX_BYTES,
  COMPACT_BYTES,
  EXTENDED_BYTES,
  FLAT_INLINE,
  FLAT_PLAIN,
  INODE_SLOT,
  roundUp,
} from './format.ts';
import type { Child, Inode } from './inodes.ts';
import { ImageRefused } from './inodes.ts';
import { inodeXattrs, type SharedXattrs } from './xattrs.ts';

/** The time that compact inodes have. */
export interface CommonTime {
  readonly sec: number;
  readonly nsec: number;
}

export interface PlacedInode {
  readonly inode: Inode;
  /** In bytes, from the image's start. */
  readonly at: number;
  readonly isCompact: boolean;
  readonly layout: typeof FLAT_PLAIN | typeof FLAT_INLINE | typeof CHUNK_BASED;
  readonly xattrs: Buffer;
  /** Bytes that the inode says it has. */
  readonly size: number;
  /** Of a directory: `.` and `..` among its children. */
  readonly names: readonly NamedInode[];
  readonly blocks: readonly DirectoryBlock[];
  /** Where the data after the inode begins: a tail, or a chunk's index. */
  readonly tailAt: number;
  /** Blocks of data elsewhere, and the first of them. */
  readonly dataBlocks: number;
  dataBlock: number;
}

export type NamedInode = Child;

/** Places inodes one after the other, each with what belongs to it. */
export function placeInodes(
  inodes: readonly Inode[],
  { from, time, shared }: Placing,
): { readonly placed: PlacedInode[]; readonly end: number } {
  let end = from;
  const placed = inodes.map((inode) => {
    const one = placeInode(inode, { from: end, time, shared });
    inode.nid = one.at / INODE_SLOT;
    end = roundUp(one.tailAt + tailBytes(one), INODE_SLOT);
    return one;
  });
  return { placed, end };
}

interface Placing {
  readonly from: number;
  readonly time: CommonTime;
  readonly shared: SharedXattrs;
}

function placeInode(inode: Inode, { from, time, shared }: Placing): PlacedInode {
  const xattrs = inodeXattrs(inode.xattrs, shared);
  if (xattrs === undefined) throw new ImageRefused('a file has too many xattrs');
  const isCompact = fitsCompact(inode, time);
  const head: Head = { inode, isCompact, xattrs, bytes: (isCompact ? COMPACT_BYTES : EXTENDED_BYTES) + xattrs.length };
  const { type, link } = inode.entry;
  if (type === 'directory') return placeDirectory(head, from);
  if (type !== 'symlink') return placeFile(head, from);
  const tail = placeTail(from, { head: head.bytes, tail: link.length, bytes: link.length });
  return { inode, isCompact, xattrs, names: NO_NAMES, blocks: NO_BLOCKS, dataBlock: 0, ...tail };
}

interface Head {
  readonly inode: Inode;
  readonly isCompact: boolean;
  readonly xattrs: Buffer;
  readonly bytes: number;
}

function placeDirectory({ inode, isCompact, xattrs, bytes }: Head, from: number): PlacedInode {
  const names = withDots(inode);
  const blocks = planDirectory(names);
  const last = blocks.at(-1)?.bytes ?? 0;
  const tail = placeTail(from, { head: bytes, tail: last, bytes: BLOCK * (blocks.length - 1) + last });
  return { inode, isCompact, xattrs, names, blocks, dataBlock: 0, ...tail };
}

/** There may be a million: a plain object each, which is several times faster than one put together. */
function placeFile({ inode, isCompact, xattrs, bytes }: Head, from: number): PlacedInode {
  const { type, size } = inode.entry;
  const hasContent = type === 'file' && size > 0;
  return {
    inode,
    isCompact,
    xattrs,
    names: NO_NAMES,
    blocks: NO_BLOCKS,
    dataBlock: 0,
    at: from,
    layout: hasContent ? CHUNK_BASED : FLAT_PLAIN,
    size: hasContent ? size : 0,
    tailAt: hasContent ? roundUp(from + bytes, CHUNK_INDEX_BYTES) : from + bytes,
    dataBlocks: 0,
  };
}

const NO_NAMES: readonly NamedInode[] = [];
const NO_BLOCKS: readonly DirectoryBlock[] = [];

/** A tail lies within one block; where there is none for it, it gets a block of its own elsewhere. */
function placeTail(from: number, { head, tail, bytes }: { head: number; tail: number; bytes: number }) {
  const full = Math.floor(bytes / BLOCK);
  if (tail < BLOCK) {
    for (let at = from; at < from + BLOCK; at += INODE_SLOT) {
      const tailAt = at + head;
      if ((tailAt % BLOCK) + tail > BLOCK) continue;
      return { at, tailAt, layout: FLAT_INLINE, size: bytes, dataBlocks: full } as const;
    }
  }
  return {
    at: from,
    tailAt: from + head,
    layout: FLAT_PLAIN,
    size: bytes,
    dataBlocks: Math.ceil(bytes / BLOCK),
  } as const;
}

function tailBytes({ layout, size }: PlacedInode): number {
  if (layout === CHUNK_BASED) return CHUNK_INDEX_BYTES;
  return layout === FLAT_INLINE ? size % BLOCK : 0;
}

const MAX_SHORT = 0xffff;
const MAX_SIZE = 0xffffffff;

function fitsCompact({ entry, nlink }: Inode, time: CommonTime): boolean {
  const { uid, gid, size, mtimeSec, mtimeNsec } = entry;
  const isDated = entry.whiteout === true || (mtimeSec === time.sec && mtimeNsec === time.nsec);
  return isDated && uid <= MAX_SHORT && gid <= MAX_SHORT && nlink <= MAX_SHORT && size <= MAX_SIZE;
}

/** Sorted like all names: some characters come before a dot. */
function withDots(inode: Inode): NamedInode[] {
  const { children } = inode;
  const dots: NamedInode[] = [
    { name: '.', inode },
    { name: '..', inode: inode.parent ?? inode },
  ];
  const first = children.findIndex(({ name }) => name > '.');
  const at = first < 0 ? children.length : first;
  const second = children.findIndex(({ name }) => name > '..');
  if (at === (second < 0 ? children.length : second)) return children.toSpliced(at, 0, ...dots);
  return [...children, ...dots].sort((a, b) => (a.name < b.name ? -1 : 1));
}
