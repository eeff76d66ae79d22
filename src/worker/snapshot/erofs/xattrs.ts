import { roundUp } from './format.ts';

/** Prefixes that have a number of their own; others have no place in an image. */
const PREFIXES = [
  ['user.', 1],
  ['trusted.', 4],
  ['security.', 6],
] as const;

const HEADER_BYTES = 12;
const ENTRY_HEADER_BYTES = 4;
const UNIT = 4;
const MAX_VALUE = 0xffff;
const MAX_SHARED = 255;
/** What the 16-bit count of an inode can say. */
const MAX_UNITS = 0xffff;

/** One name and value in its form on disk. */
export interface EncodedXattr {
  readonly key: string;
  readonly bytes: Buffer;
}

/** Undefined when the format cannot hold it. */
export function encodeXattr(name: string, value: Uint8Array): EncodedXattr | undefined {
  const prefix = PREFIXES.find(([text]) => name.startsWith(text));
  if (prefix === undefined || value.length > MAX_VALUE) return undefined;
  const suffix = Buffer.from(name.slice(prefix[0].length), 'latin1');
  if (suffix.length === 0 || suffix.length > 255) return undefined;
  const used = ENTRY_HEADER_BYTES + suffix.length + value.length;
  const bytes = Buffer.alloc(roundUp(used, UNIT));
  bytes.writeUInt8(suffix.length, 0);
  bytes.writeUInt8(prefix[1], 1);
  bytes.writeUInt16LE(value.length, 2);
  suffix.copy(bytes, ENTRY_HEADER_BYTES);
  bytes.set(value, ENTRY_HEADER_BYTES + suffix.length);
  return { key: bytes.toString('latin1'), bytes };
}

/** Xattrs that several inodes have: kept once, and named by where they lie. */
export interface SharedXattrs {
  readonly bytes: Buffer;
  /** By key, the place in units of four bytes. */
  readonly ids: ReadonlyMap<string, number>;
}

export function shareXattrs(all: Iterable<readonly EncodedXattr[]>): SharedXattrs {
  const counts = new Map<string, { xattr: EncodedXattr; count: number }>();
  for (const list of all) {
    for (const xattr of list) {
      const known = counts.get(xattr.key);
      if (known === undefined) counts.set(xattr.key, { xattr, count: 1 });
      else known.count += 1;
    }
  }
  const ids = new Map<string, number>();
  const parts: Buffer[] = [];
  let length = 0;
  for (const { xattr, count } of counts.values()) {
    if (count < 2) continue;
    ids.set(xattr.key, length / UNIT);
    parts.push(xattr.bytes);
    length += xattr.bytes.length;
  }
  return { bytes: Buffer.concat(parts), ids };
}

const NONE = Buffer.alloc(0);

/** What follows an inode; empty for one without xattrs. Undefined when it has more than an inode can count. */
export function inodeXattrs(xattrs: readonly EncodedXattr[], { ids }: SharedXattrs): Buffer | undefined {
  if (xattrs.length === 0) return NONE;
  const shared = xattrs.filter(({ key }) => ids.has(key)).slice(0, MAX_SHARED);
  const own = xattrs.filter((xattr) => !shared.includes(xattr)).map(({ bytes }) => bytes);
  const header = Buffer.alloc(HEADER_BYTES + UNIT * shared.length);
  header.writeUInt8(shared.length, 4);
  shared.forEach(({ key }, index) => {
    header.writeUInt32LE(ids.get(key) ?? 0, HEADER_BYTES + UNIT * index);
  });
  const bytes = Buffer.concat([header, ...own]);
  return xattrUnits(bytes) > MAX_UNITS ? undefined : bytes;
}

/** The inode's count: the header is one, whatever its length. */
export function xattrUnits({ length }: Buffer): number {
  return length === 0 ? 0 : 1 + (length - HEADER_BYTES) / UNIT;
}
