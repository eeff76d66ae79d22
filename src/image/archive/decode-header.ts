import { ArchiveError } from './archive-error.ts';
import { BLOCK, FIELDS, type HeaderFields } from './header.ts';

/** A header block, or undefined for a block of zeros. @throws ArchiveError bad-checksum, too-large */
export function decodeHeader(block: Buffer, at: number): HeaderFields | undefined {
  if (!checksumMatches(block, at)) {
    if (isZeros(block, at)) return undefined;
    throw new ArchiveError('bad-checksum', 'not a tar archive, or a broken one: a header does not match its checksum');
  }
  const magic = block.toString('latin1', at + FIELDS.magic, at + FIELDS.magic + 6);
  const isUstar = magic === 'ustar\u0000';
  const hasDevices = isUstar || magic === 'ustar ';
  return {
    name: text(block, at + FIELDS.name, 100),
    mode: number(block, at + FIELDS.mode, 8),
    uid: number(block, at + FIELDS.uid, 8),
    gid: number(block, at + FIELDS.gid, 8),
    size: number(block, at + FIELDS.size, 12),
    mtimeSec: number(block, at + FIELDS.mtime, 12),
    typeflag: String.fromCharCode(block[at + FIELDS.typeflag] ?? 0),
    link: text(block, at + FIELDS.link, 100),
    devMajor: hasDevices ? number(block, at + FIELDS.devMajor, 8) : 0,
    devMinor: hasDevices ? number(block, at + FIELDS.devMinor, 8) : 0,
    prefix: isUstar ? text(block, at + FIELDS.prefix, isStar(block, at) ? 131 : 155) : '',
  };
}

/** What follows a header. */
export interface Extent {
  /** Without padding. */
  readonly size: number;
  readonly isFile: boolean;
}

const MAGIC = Buffer.from('ustar');
const [ZERO, HARDLINK, FIFO] = [0x30, 0x31, 0x36];

/** A glance for those who want to get past an entry: undefined for what is no ustar header, or tells its size in no octal number. */
export function extentAt(block: Uint8Array, at: number): Extent | undefined {
  for (let index = 0; index < MAGIC.length; index += 1)
    if (block[at + FIELDS.magic + index] !== MAGIC[index]) return undefined;
  const flag = block[at + FIELDS.typeflag] ?? 0;
  const size = octal(block, at + FIELDS.size, 12);
  if (size === undefined) return undefined;
  return { size: flag >= HARDLINK && flag <= FIFO ? 0 : size, isFile: flag === ZERO || flag === 0 };
}

/** Some old writers summed signed bytes; both are taken, as everywhere. */
function checksumMatches(block: Buffer, at: number): boolean {
  let sum = 0;
  const start = at + FIELDS.checksum;
  for (let index = at; index < start; index += 1) sum += block[index] as number;
  for (let index = start + 8; index < at + BLOCK; index += 1) sum += block[index] as number;
  const unsigned = sum + 8 * 0x20;
  const claimed = octal(block, start, 8);
  return claimed === unsigned || claimed === unsigned - 256 * negativeBytes(block, at);
}

/** Of those that are summed. */
function negativeBytes(block: Buffer, at: number): number {
  let count = 0;
  for (let index = 0; index < BLOCK; index += 1)
    if (index < FIELDS.checksum || index >= FIELDS.checksum + 8) count += (block[at + index] ?? 0) >> 7;
  return count;
}

function isZeros(block: Buffer, at: number): boolean {
  for (let index = at; index < at + BLOCK; index += 1) if (block[index] !== 0) return false;
  return true;
}

/** star keeps times where others have the end of the prefix. */
function isStar(block: Buffer, at: number): boolean {
  return block.toString('latin1', at + FIELDS.star, at + BLOCK) === 'tar\u0000';
}

function text(block: Buffer, at: number, length: number): string {
  let end = at;
  while (end < at + length && block[end] !== 0) end += 1;
  return end === at ? '' : block.toString('latin1', at, end);
}

/** Octal digits, or GNU's base-256 when the first bit is set. */
function number(block: Buffer, at: number, length: number): number {
  if (((block[at] ?? 0) & 0x80) !== 0) return base256(block, at, length);
  const value = octal(block, at, length);
  if (value === undefined) throw new ArchiveError('bad-checksum', 'a broken tar header: a number is not octal');
  return value;
}

/** Spaces and NULs may stand before the digits; a NUL ends them, as does the field. No digits are 0. */
function octal(block: Uint8Array, at: number, length: number): number | undefined {
  let start = at;
  while (start < at + length && isPadding(block[start])) start += 1;
  let end = start;
  while (end < at + length && block[end] !== 0) end += 1;
  while (end > start && block[end - 1] === 0x20) end -= 1;
  let value = 0;
  for (let index = start; index < end; index += 1) {
    const digit = (block[index] ?? 0) - 0x30;
    if (digit < 0 || digit > 7) return undefined;
    value = value * 8 + digit;
  }
  return value;
}

function isPadding(byte: number | undefined): boolean {
  return byte === 0 || byte === 0x20;
}

function base256(block: Buffer, at: number, length: number): number {
  const first = block[at] ?? 0;
  // two's complement, the first bit being the mark and the second the sign
  let value = (first & 0x40) !== 0 ? BigInt(first) - 256n : BigInt(first & 0x7f);
  for (let index = at + 1; index < at + length; index += 1) value = value * 256n + BigInt(block[index] ?? 0);
  const result = Number(value);
  if (!Number.isSafeInteger(result))
    throw new ArchiveError('too-large', 'a tar header holds a number that is too large');
  return result;
}
