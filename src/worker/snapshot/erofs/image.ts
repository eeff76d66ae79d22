import { writeDirectoryBlock } from './directory-blocks.ts';
import {
  BLOCK,
  BLOCK_BITS,
  CHUNK_BASED,
  CHUNK_INDEX_BYTES,
  CHUNK_INDEXES,
  COMPACT_BYTES,
  DEVICE_SLOT_BYTES,
  EXTENDED_BYTES,
  encodeDevice,
  FLAT_INLINE,
  INODE_SLOT,
  NO_BLOCK,
  roundUp,
  SUPER_BYTES,
  SUPER_OFFSET,
  typeBits,
} from './format.ts';
import type { Inode, InodeTree } from './inodes.ts';
import { type CommonTime, type PlacedInode, placeInodes } from './placement.ts';
import { writeSuperblock } from './superblock.ts';
import { shareXattrs, xattrUnits } from './xattrs.ts';

export interface ImageOptions {
  /** Of the device that holds all content. */
  readonly tarBytes: number;
  /** Any 16 bytes that name the image. */
  readonly uuid: Uint8Array;
}

/**
 * An EROFS image of metadata: names, attributes, links. A file's content is one chunk of a second device, the layer's own tar, where it lies
 * as it is.
 */
export function erofsImage({ inodes }: InodeTree, { tarBytes, uuid }: ImageOptions): Buffer {
  const time = commonTime(inodes);
  const shared = shareXattrs(xattrsOf(inodes));
  const from = roundUp(SUPER_OFFSET + SUPER_BYTES + DEVICE_SLOT_BYTES, INODE_SLOT);
  const { placed, end } = placeInodes(inodes, { from, time, shared });
  const xattrBlock = Math.ceil(end / BLOCK);
  let blocks = xattrBlock + Math.ceil(shared.bytes.length / BLOCK);
  for (const one of placed) {
    one.dataBlock = blocks;
    blocks += one.dataBlocks;
  }
  const image = Buffer.alloc(blocks * BLOCK);
  shared.bytes.copy(image, xattrBlock * BLOCK);
  let number = 0;
  for (const one of placed) {
    number += 1;
    writeInode(image, one, { time, number });
    if (one.xattrs.length > 0) one.xattrs.copy(image, one.at + (one.isCompact ? COMPACT_BYTES : EXTENDED_BYTES));
    writeData(image, one);
  }
  writeSuperblock(image, {
    ...{ time, blocks, uuid, inodes: placed.length, rootNid: (placed[0]?.at ?? from) / INODE_SLOT },
    xattrBlock: shared.bytes.length === 0 ? 0 : xattrBlock,
    tarBlocks: Math.ceil(tarBytes / BLOCK),
  });
  return image;
}

function* xattrsOf(inodes: readonly Inode[]) {
  for (const { xattrs } of inodes) if (xattrs.length > 0) yield xattrs;
}

/** The time that most files have: their inodes can be compact. */
function commonTime(inodes: readonly Inode[]): CommonTime {
  const counts = new Map<string, { time: CommonTime; count: number }>();
  let best: { time: CommonTime; count: number } = { time: { sec: 0, nsec: 0 }, count: 0 };
  let last = { time: { sec: NaN, nsec: 0 }, count: 0 };
  for (const { entry } of inodes) {
    if (entry.whiteout === true) continue;
    const { mtimeSec: sec, mtimeNsec: nsec } = entry;
    // most have that of the one before
    if (last.time.sec !== sec || last.time.nsec !== nsec) {
      const key = `${sec} ${nsec}`;
      last = counts.get(key) ?? { time: { sec, nsec }, count: 0 };
      counts.set(key, last);
    }
    last.count += 1;
    if (last.count > best.count) best = last;
  }
  return best.time;
}

function writeInode(image: Buffer, placed: PlacedInode, { time, number }: { time: CommonTime; number: number }): void {
  const { inode, at, isCompact, layout, xattrs, size } = placed;
  const { entry, nlink } = inode;
  image.writeUInt16LE((layout << 1) | (isCompact ? 0 : 1), at);
  image.writeUInt16LE(xattrUnits(xattrs), at + 2);
  image.writeUInt16LE(typeBits(entry.type) | entry.mode, at + 4);
  image.writeUInt32LE(detailOf(placed), at + 16);
  image.writeUInt32LE(number, at + 20);
  if (isCompact) {
    image.writeUInt16LE(nlink, at + 6);
    image.writeUInt32LE(size, at + 8);
    image.writeUInt16LE(entry.uid, at + 24);
    image.writeUInt16LE(entry.gid, at + 26);
    return;
  }
  writeInt64(image, size, at + 8);
  image.writeUInt32LE(entry.uid, at + 24);
  image.writeUInt32LE(entry.gid, at + 28);
  const { sec, nsec } = entry.whiteout === true ? time : { sec: entry.mtimeSec, nsec: entry.mtimeNsec };
  writeInt64(image, sec, at + 32);
  image.writeUInt32LE(nsec, at + 40);
  image.writeUInt32LE(nlink, at + 44);
}

/** Without a BigInt for each inode. */
function writeInt64(image: Buffer, value: number, at: number): void {
  const high = Math.floor(value / 2 ** 32);
  image.writeUInt32LE(value - high * 2 ** 32, at);
  image.writeInt32LE(high, at + 4);
}

/** The field whose meaning goes by type: a block, a device number, or the size of chunks. */
function detailOf({ inode: { entry }, layout, size, dataBlocks, dataBlock }: PlacedInode): number {
  if (layout === CHUNK_BASED) return CHUNK_INDEXES | chunkBits(size);
  if (entry.type === 'character' || entry.type === 'block') return encodeDevice(entry.devMajor, entry.devMinor) ?? 0;
  if (entry.type !== 'directory' && entry.type !== 'symlink') return 0;
  return dataBlocks > 0 ? dataBlock : NO_BLOCK;
}

/** Of the smallest chunk that holds the whole file, beyond a block's. */
function chunkBits(size: number): number {
  return Math.max(0, Math.ceil(Math.log2(size)) - BLOCK_BITS);
}

const TAR_DEVICE = 1;

function writeData(image: Buffer, placed: PlacedInode): void {
  const { inode, layout, tailAt, dataBlock } = placed;
  if (layout === CHUNK_BASED) {
    image.writeUInt16LE(TAR_DEVICE, tailAt + 2);
    image.writeUInt32LE(inode.entry.offset / BLOCK, tailAt + CHUNK_INDEX_BYTES / 2);
    return;
  }
  const { type, link } = inode.entry;
  if (type === 'symlink') image.write(link, layout === FLAT_INLINE ? tailAt : dataBlock * BLOCK, 'latin1');
  if (type === 'directory') writeDirectory(image, placed);
}

function writeDirectory(image: Buffer, placed: PlacedInode): void {
  const { names, blocks, layout, tailAt, dataBlock } = placed;
  blocks.forEach((block, index) => {
    const isTail = layout === FLAT_INLINE && index === blocks.length - 1;
    writeDirectoryBlock(image, isTail ? tailAt : (dataBlock + index) * BLOCK, { names, block });
  });
}
