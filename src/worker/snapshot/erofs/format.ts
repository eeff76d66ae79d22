import type { EntryType } from '../../../image/archive/index.ts';

/** The on-disk format: Linux, fs/erofs/erofs_fs.h. Everything is little endian. */
export const BLOCK_BITS = 9;
/** A tar's own: contents begin where blocks begin. */
export const BLOCK = 1 << BLOCK_BITS;
export const SUPER_OFFSET = 1024;
export const SUPER_BYTES = 128;
export const SUPER_MAGIC = 0xe0f5e1e2;
export const DEVICE_SLOT_BYTES = 128;
/** Inodes are numbered by their place, in units of this. */
export const INODE_SLOT = 32;
export const COMPACT_BYTES = 32;
export const EXTENDED_BYTES = 64;
export const DIRENT_BYTES = 12;
export const CHUNK_INDEX_BYTES = 8;

export const COMPAT_CHECKSUM = 0x1;
export const COMPAT_MTIME = 0x2;
export const INCOMPAT_CHUNKED_FILE = 0x4;
export const INCOMPAT_DEVICE_TABLE = 0x8;

/** How an inode's data lies. */
export const FLAT_PLAIN = 0;
export const FLAT_INLINE = 2;
export const CHUNK_BASED = 4;

/** Each chunk has an index that names a device, not just a block. */
export const CHUNK_INDEXES = 0x20;
export const NO_BLOCK = 0xffffffff;

export const MAX_NAME = 255;
export const MAX_SYMLINK = 4095;
const MAX_MAJOR = 0xfff;
const MAX_MINOR = 0xfffff;

const KINDS: { readonly [type in EntryType]: { readonly mode: number; readonly dirent: number } } = {
  file: { mode: 0o100000, dirent: 1 },
  hardlink: { mode: 0o100000, dirent: 1 },
  directory: { mode: 0o040000, dirent: 2 },
  character: { mode: 0o020000, dirent: 3 },
  block: { mode: 0o060000, dirent: 4 },
  fifo: { mode: 0o010000, dirent: 5 },
  symlink: { mode: 0o120000, dirent: 7 },
};

export function typeBits(type: EntryType): number {
  return KINDS[type].mode;
}

export function direntType(type: EntryType): number {
  return KINDS[type].dirent;
}

/** The kernel's 32-bit form; undefined for numbers that it cannot hold. */
export function encodeDevice(major: number, minor: number): number | undefined {
  if (major > MAX_MAJOR || minor > MAX_MINOR) return undefined;
  return ((minor & 0xff) | (major << 8) | ((minor & ~0xff) << 12)) >>> 0;
}

export function roundUp(value: number, unit: number): number {
  return Math.ceil(value / unit) * unit;
}
