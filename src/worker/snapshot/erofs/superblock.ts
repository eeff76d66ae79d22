import { crc32c } from './crc32c.ts';
import {
  BLOCK,
  BLOCK_BITS,
  COMPAT_CHECKSUM,
  COMPAT_MTIME,
  DEVICE_SLOT_BYTES,
  INCOMPAT_CHUNKED_FILE,
  INCOMPAT_DEVICE_TABLE,
  SUPER_BYTES,
  SUPER_MAGIC,
  SUPER_OFFSET,
} from './format.ts';
import type { CommonTime } from './placement.ts';

export interface Superblock {
  readonly time: CommonTime;
  readonly inodes: number;
  /** Has to fit in 16 bits: the top lies first. */
  readonly rootNid: number;
  readonly blocks: number;
  readonly xattrBlock: number;
  readonly tarBlocks: number;
  readonly uuid: Uint8Array;
}

/** The superblock and, right after it, the one slot of the table of devices. The block that they lie in is whole by then. */
export function writeSuperblock(image: Buffer, superblock: Superblock): void {
  const at = SUPER_OFFSET;
  image.writeUInt32LE(SUPER_MAGIC, at);
  image.writeUInt32LE(COMPAT_CHECKSUM | COMPAT_MTIME, at + 8);
  image.writeUInt8(BLOCK_BITS, at + 12);
  image.writeUInt16LE(superblock.rootNid, at + 14);
  image.writeBigUInt64LE(BigInt(superblock.inodes), at + 16);
  image.writeBigInt64LE(BigInt(superblock.time.sec), at + 24);
  image.writeUInt32LE(superblock.time.nsec, at + 32);
  image.writeUInt32LE(superblock.blocks, at + 36);
  // Inodes are numbered from the image's start: no number is 0.
  image.writeUInt32LE(0, at + 40);
  image.writeUInt32LE(superblock.xattrBlock, at + 44);
  image.set(superblock.uuid.subarray(0, 16), at + 48);
  image.writeUInt32LE(INCOMPAT_CHUNKED_FILE | INCOMPAT_DEVICE_TABLE, at + 80);
  image.writeUInt16LE(1, at + 86);
  const slot = at + SUPER_BYTES;
  image.writeUInt16LE(slot / DEVICE_SLOT_BYTES, at + 88);
  image.writeUInt32LE(superblock.tarBlocks, slot + 64);
  image.writeUInt32LE(crc32c(image.subarray(at, at + BLOCK)), at + 4);
}
