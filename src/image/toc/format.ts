import { createHash, type Hash } from 'node:crypto';
import { type ContentID, digestAt, digestOfHash, hexOf, parseContentID } from '../../../cache/index.ts';
import type { RelPath } from '../../util/rel-path.ts';
import type { EntryType } from '../archive/index.ts';
import { ByteReader, type ByteSource, ByteWriter } from './bytes.ts';
import type { TocEntry } from './entry.ts';

/** A new version of this format is a new magic; old files are then corrupt, hence rebuilt. */
export const MAGIC = 'tsbtoc02';
/** Magic, entry count, whether closed, checksum, ContentID. */
export const HEADER_BYTES = 8 + 4 + 4 + 32 + 32;
const CONTENT_ID_AT = HEADER_BYTES - 32;
const CHECKSUM_AT = CONTENT_ID_AT - 32;
/** What ContentIDs begin with; keys hold them, so it stays. */
const CONTENT = 'tsbtoc01 content\n';

export const TYPES: readonly EntryType[] = ['file', 'directory', 'symlink', 'hardlink', 'character', 'block', 'fifo'];
/** A type as records have it. */
export const HARDLINK = TYPES.indexOf('hardlink');
export const WHITEOUT = 1;
const OPAQUE = 2;
const HAS_DIGEST = 4;
const HAS_GROUP = 8;

/** Where fields lie in a record, from the end of its path on. */
export const FLAGS_AT = 1;
const NSEC_AT = 14;
const SEC_AT = 42;
const OFFSET_AT = 50;

export class TocCorrupt extends Error {
  override readonly name = 'TocCorrupt';
}

export interface HeaderParts {
  readonly count: number;
  readonly isClosed: boolean;
  readonly contentID: ContentID;
}

/** Without its checksum. */
export function header({ count, isClosed, contentID }: HeaderParts): Buffer {
  const out = new ByteWriter();
  out.bytes(Buffer.from(MAGIC, 'latin1'));
  out.u32(count);
  out.u32(isClosed ? 1 : 0);
  out.bytes(Buffer.alloc(32));
  out.hex(hexOf(contentID));
  return out.view();
}

/** The checksum of a toc, with its header as if that had none; what follows the header is still to be added. */
export function checksumOf(head: Buffer): Hash {
  const bare = Buffer.from(head.subarray(0, HEADER_BYTES)).fill(0, CHECKSUM_AT, CONTENT_ID_AT);
  return createHash('sha256').update(bare);
}

export function seal(head: Buffer, checksum: Hash): void {
  checksum.digest().copy(head, CHECKSUM_AT);
}

export function isSealed(head: Buffer, checksum: Hash): boolean {
  return checksum.digest().equals(head.subarray(CHECKSUM_AT, CONTENT_ID_AT));
}

/** Of a whole toc, or its first bytes. */
export function contentIDIn(toc: Buffer): ContentID {
  return parseContentID(`sha256:${toc.toString('hex', CONTENT_ID_AT, HEADER_BYTES)}`);
}

/**
 * The ContentID: a layer without its times. The digest of every other field that its tar carries, in byte order of the paths; the place
 * of content in the tar says nothing. Each entry is encoded once.
 */
export class ContentHash {
  readonly #hash: Hash = createHash('sha256').update(CONTENT);
  readonly #pending = new ByteWriter();

  /** @returns the record; valid until the next call */
  add(entry: TocEntry): Buffer {
    if (this.#pending.length > PENDING_BYTES) this.#flush();
    const start = this.#pending.length;
    encodeEntry(this.#pending, entry, CONTENT_ONLY);
    return this.#pending.view(start);
  }

  /** An entry as encodeEntry makes it, without a link group. @returns it */
  addRecord(record: Buffer): Buffer {
    if (this.#pending.length > PENDING_BYTES) this.#flush();
    const at = this.#pending.length + 4 + record.readUInt32LE(0);
    this.#pending.bytes(record);
    this.#pending.patchU32(at + NSEC_AT, CONTENT_ONLY.mtimeNsec);
    this.#pending.patchF64(at + SEC_AT, CONTENT_ONLY.mtimeSec);
    this.#pending.patchF64(at + OFFSET_AT, CONTENT_ONLY.offset);
    return record;
  }

  id(): ContentID {
    this.#flush();
    return parseContentID(digestOfHash(this.#hash));
  }

  #flush(): void {
    this.#hash.update(this.#pending.view());
    this.#pending.clear();
  }
}

const PENDING_BYTES = 256 * 1024;

type Dated = Pick<TocEntry, 'mtimeSec' | 'mtimeNsec' | 'offset' | 'linkGroup'>;
const CONTENT_ONLY: Dated = { mtimeSec: 0, mtimeNsec: 0, offset: 0, linkGroup: undefined };

/** @param record as ContentHash has it */
export function encodeDated(records: ByteWriter, record: Buffer, entry: TocEntry): void {
  const { path, mtimeSec, mtimeNsec, offset } = entry;
  if (entry.linkGroup !== undefined) {
    encodeEntry(records, entry);
    return;
  }
  const at = records.length + 4 + path.length;
  records.bytes(record);
  records.patchU32(at + NSEC_AT, mtimeNsec);
  records.patchF64(at + SEC_AT, mtimeSec);
  records.patchF64(at + OFFSET_AT, offset);
}

export function encodeEntry(out: ByteWriter, entry: TocEntry, dated: Dated = entry): void {
  const { whiteout, opaque, digest, xattrs } = entry;
  const { linkGroup } = dated;
  out.text(entry.path);
  out.u8(TYPES.indexOf(entry.type));
  out.u8(
    (whiteout ? WHITEOUT : 0) |
      (opaque ? OPAQUE : 0) |
      (digest === undefined ? 0 : HAS_DIGEST) |
      (linkGroup === undefined ? 0 : HAS_GROUP),
  );
  out.u32(entry.mode);
  out.u32(entry.devMajor);
  out.u32(entry.devMinor);
  out.u32(dated.mtimeNsec);
  out.f64(entry.uid);
  out.f64(entry.gid);
  out.f64(entry.size);
  out.f64(dated.mtimeSec);
  out.f64(dated.offset);
  out.text(entry.link);
  if (linkGroup !== undefined) out.text(linkGroup);
  if (digest !== undefined) out.hex(hexOf(digest));
  out.u32(xattrs.size);
  for (const [name, value] of xattrs) {
    out.text(name);
    out.u32(value.length);
    out.bytes(value);
  }
}

/** Of an entry as encodeEntry makes it. */
export function hasGroup(record: Buffer): boolean {
  return ((record[4 + record.readUInt32LE(0) + FLAGS_AT] ?? 0) & HAS_GROUP) !== 0;
}

/** @param name in the place of the path that is there */
export function decodeEntry(source: ByteSource, at: number, name?: RelPath): TocEntry {
  const from = new ByteReader(source, at);
  const path = name ?? (from.text() as RelPath);
  if (name !== undefined) from.skip(from.u32());
  const type = TYPES[from.u8()];
  if (type === undefined) throw new TocCorrupt('an entry has an unknown type');
  const flags = from.u8();
  const mode = from.u32();
  const devMajor = from.u32();
  const devMinor = from.u32();
  const mtimeNsec = from.u32();
  const uid = from.f64();
  const gid = from.f64();
  const size = from.f64();
  const mtimeSec = from.f64();
  const offset = from.f64();
  const link = from.text();
  const linkGroup = (flags & HAS_GROUP) === 0 ? undefined : from.text();
  const digest = (flags & HAS_DIGEST) === 0 ? undefined : digestAt(source.buffer, from.skip(32));
  // one literal of all fields: adding some with `...` doubles the time
  return {
    path,
    type,
    mode,
    uid,
    gid,
    size,
    mtimeSec,
    mtimeNsec,
    link,
    devMajor,
    devMinor,
    xattrs: decodeXattrs(from),
    offset,
    digest,
    linkGroup,
    whiteout: (flags & WHITEOUT) === 0 ? undefined : true,
    opaque: (flags & OPAQUE) === 0 ? undefined : true,
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
