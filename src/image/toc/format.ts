import { type ContentID, hexOf, parseContentID, parseDigest } from '../../../cache/index.ts';
import { createHash } from 'node:crypto';
import type { EntryType } from '../archive/index.ts';
import type { RelPath } from '../../util/rel-path.ts';
import { ByteReader, ByteWriter } from './bytes.ts';
import type { TocEntry } from './entry.ts';

/** A new version of this format is a new magic; old files are then corrupt, hence rebuilt. */
export const MAGIC = 'tsbtoc01';
/** Magic, entry count, checksum of the rest, ContentID. */
export const HEADER_BYTES = 8 + 4 + 4 + 32 + 32;

const TYPES: readonly EntryType[] = ['file', 'directory', 'symlink', 'hardlink', 'character', 'block', 'fifo'];
const WHITEOUT = 1;
const OPAQUE = 2;
const HAS_DIGEST = 4;
const HAS_GROUP = 8;

export class TocCorrupt extends Error {
  override readonly name = 'TocCorrupt';
}

export function byPath(a: { readonly path: string }, b: { readonly path: string }): number {
  return a.path < b.path ? -1 : a.path > b.path ? 1 : 0;
}

/** Entries in any order, each path once. */
export function encodeToc(entries: readonly TocEntry[]): Buffer {
  const sorted = [...entries].sort(byPath);
  const records = new ByteWriter();
  const offsets = Buffer.allocUnsafe(4 * sorted.length);
  for (const [index, entry] of sorted.entries()) {
    offsets.writeUInt32LE(records.length, 4 * index);
    encodeEntry(records, entry);
  }
  const body = Buffer.concat([offsets, records.view()]);
  const header = new ByteWriter();
  header.bytes(Buffer.from(MAGIC, 'latin1'));
  header.u32(sorted.length);
  header.u32(sorted.every((entry, index) => hasParent(entry.path, sorted, index)) ? 1 : 0);
  header.bytes(createHash('sha256').update(body).digest());
  header.bytes(Buffer.from(hexOf(contentIDOfSorted(sorted)), 'hex'));
  return Buffer.concat([header.view(), body]);
}

/**
 * A layer without its times: the digest of every other field that its tar carries, in byte order of the paths. The place of
 * content in the tar says nothing.
 */
export function contentIDOfEntries(entries: readonly TocEntry[]): ContentID {
  return contentIDOfSorted([...entries].sort(byPath));
}

function contentIDOfSorted(sorted: readonly TocEntry[]): ContentID {
  const hash = createHash('sha256').update(`${MAGIC} content\n`);
  const record = new ByteWriter();
  for (const entry of sorted) {
    record.clear();
    encodeEntry(record, { ...entry, offset: 0, mtimeSec: 0, mtimeNsec: 0, linkGroup: undefined });
    hash.update(record.view());
  }
  return parseContentID(`sha256:${hash.digest('hex')}`);
}

function encodeEntry(out: ByteWriter, entry: TocEntry): void {
  const { whiteout, opaque, digest, linkGroup } = entry;
  out.text(entry.path);
  out.u8(TYPES.indexOf(entry.type));
  out.u8(
    (whiteout ? WHITEOUT : 0) |
      (opaque ? OPAQUE : 0) |
      (digest === undefined ? 0 : HAS_DIGEST) |
      (linkGroup === undefined ? 0 : HAS_GROUP),
  );
  for (const value of [entry.mode, entry.devMajor, entry.devMinor, entry.mtimeNsec]) out.u32(value);
  for (const value of [entry.uid, entry.gid, entry.size, entry.mtimeSec, entry.offset]) out.f64(value);
  out.text(entry.link);
  if (linkGroup !== undefined) out.text(linkGroup);
  if (digest !== undefined) out.bytes(Buffer.from(hexOf(digest), 'hex'));
  out.u32(entry.xattrs.size);
  for (const [name, value] of entry.xattrs) {
    out.text(name);
    out.u32(value.length);
    out.bytes(value);
  }
}

export function decodeEntry(buffer: Buffer, at: number): TocEntry {
  const from = new ByteReader(buffer, at);
  const path = from.text() as RelPath;
  const type = TYPES[from.u8()];
  if (type === undefined) throw new TocCorrupt('an entry has an unknown type');
  const flags = from.u8();
  const [mode, devMajor, devMinor, mtimeNsec] = [from.u32(), from.u32(), from.u32(), from.u32()];
  const [uid, gid, size, mtimeSec, offset] = [from.f64(), from.f64(), from.f64(), from.f64(), from.f64()];
  const link = from.text();
  const linkGroup = (flags & HAS_GROUP) === 0 ? undefined : from.text();
  const digest = (flags & HAS_DIGEST) === 0 ? undefined : parseDigest(`sha256:${from.bytes(32).toString('hex')}`);
  return {
    ...{ path, type, mode, uid, gid, size, mtimeSec, mtimeNsec, link, devMajor, devMinor, offset },
    xattrs: decodeXattrs(from),
    ...(digest === undefined ? {} : { digest }),
    ...(linkGroup === undefined ? {} : { linkGroup }),
    ...((flags & WHITEOUT) === 0 ? {} : { whiteout: true as const }),
    ...((flags & OPAQUE) === 0 ? {} : { opaque: true as const }),
  };
}

const NO_XATTRS: ReadonlyMap<string, Uint8Array> = new Map();

function decodeXattrs(from: ByteReader): ReadonlyMap<string, Uint8Array> {
  const count = from.u32();
  if (count === 0) return NO_XATTRS;
  const xattrs = new Map<string, Uint8Array>();
  for (let index = 0; index < count; index += 1) {
    const name = from.text();
    xattrs.set(name, Uint8Array.from(from.bytes(from.u32())));
  }
  return xattrs;
}

/** Whether the entry's parent is an entry; it stands before it in the order. */
function hasParent(path: string, sorted: readonly TocEntry[], index: number): boolean {
  const slash = path.lastIndexOf('/');
  if (slash < 0) return true;
  const parent = path.slice(0, slash);
  let low = 0;
  let high = index;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((sorted[middle]?.path ?? '') < parent) low = middle + 1;
    else high = middle;
  }
  return sorted[low]?.path === parent;
}
