import type { EntryType } from './entry.ts';
import { ArchiveError } from './archive-error.ts';

export const BLOCK = 512;

const TYPE_FLAGS: Record<EntryType, string> = {
  file: '0',
  hardlink: '1',
  symlink: '2',
  character: '3',
  block: '4',
  directory: '5',
  fifo: '6',
};

/** What a ustar header block can say of an entry; PAX says the rest. */
export interface HeaderFields {
  readonly name: string;
  readonly prefix: string;
  readonly typeflag: string;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly size: number;
  readonly mtimeSec: number;
  readonly link: string;
  readonly devMajor: number;
  readonly devMinor: number;
}

export function typeFlag(type: EntryType): string {
  return TYPE_FLAGS[type];
}

/** Numbers must fit their fields; the writer puts those that do not into PAX and a zero here. */
export function encodeHeader(fields: HeaderFields): Buffer {
  const block = Buffer.alloc(BLOCK);
  block.write(fields.name, 0, 100, 'latin1');
  octal(block, 100, 7, fields.mode);
  octal(block, 108, 7, fields.uid);
  octal(block, 116, 7, fields.gid);
  octal(block, 124, 11, fields.size);
  octal(block, 136, 11, fields.mtimeSec);
  block.fill(0x20, 148, 156);
  block.write(fields.typeflag, 156, 1, 'latin1');
  block.write(fields.link, 157, 100, 'latin1');
  block.write('ustar\u000000', 257, 8, 'latin1');
  octal(block, 329, 7, fields.devMajor);
  octal(block, 337, 7, fields.devMinor);
  block.write(fields.prefix, 345, 155, 'latin1');
  let sum = 0;
  for (const byte of block) sum += byte;
  octal(block, 148, 6, sum);
  block[155] = 0x20;
  return block;
}

function octal(block: Buffer, offset: number, digits: number, value: number): void {
  block.write(value.toString(8).padStart(digits, '0'), offset, digits, 'latin1');
}

export interface RawHeader extends HeaderFields {
  readonly isGnu: boolean;
}

/** A header block, or undefined for a block of zeros. @throws ArchiveError bad-checksum */
export function decodeHeader(block: Buffer): RawHeader | undefined {
  if (!checksumMatches(block)) {
    if (block.every((byte) => byte === 0)) return undefined;
    throw new ArchiveError('bad-checksum', 'not a tar archive, or a broken one: a header does not match its checksum');
  }
  const magic = block.toString('latin1', 257, 263);
  const isUstar = magic === 'ustar\u0000';
  return {
    isGnu: magic === 'ustar ',
    name: text(block, 0, 100),
    mode: number(block, 100, 8),
    uid: number(block, 108, 8),
    gid: number(block, 116, 8),
    size: number(block, 124, 12),
    mtimeSec: number(block, 136, 12),
    typeflag: block.toString('latin1', 156, 157),
    link: text(block, 157, 100),
    devMajor: isUstar || magic === 'ustar ' ? number(block, 329, 8) : 0,
    devMinor: isUstar || magic === 'ustar ' ? number(block, 337, 8) : 0,
    prefix: isUstar ? text(block, 345, 155) : '',
  };
}

/** Some old writers summed signed bytes; both are taken, as everywhere. */
function checksumMatches(block: Buffer): boolean {
  let unsigned = 0;
  let signed = 0;
  for (let index = 0; index < BLOCK; index += 1) {
    const byte = index >= 148 && index < 156 ? 0x20 : (block[index] ?? 0);
    unsigned += byte;
    signed += byte > 127 ? byte - 256 : byte;
  }
  const claimed = number(block, 148, 8);
  return claimed === unsigned || claimed === signed;
}

function text(block: Buffer, offset: number, length: number): string {
  const end = block.indexOf(0, offset);
  return block.toString('latin1', offset, end < 0 || end > offset + length ? offset + length : end);
}

/** Octal digits, or GNU's base-256 when the first bit is set. */
function number(block: Buffer, offset: number, length: number): number {
  const first = block[offset] ?? 0;
  if ((first & 0x80) !== 0) return base256(block, offset, length);
  const digits = text(block, offset, length).trim();
  if (digits === '') return 0;
  if (!/^[0-7]+$/.test(digits)) throw new ArchiveError('bad-checksum', 'a broken tar header: a number is not octal');
  return Number.parseInt(digits, 8);
}

function base256(block: Buffer, offset: number, length: number): number {
  const negative = block[offset] === 0xff;
  let value = negative ? -1n : BigInt((block[offset] ?? 0) & 0x7f);
  for (let index = offset + 1; index < offset + length; index += 1) value = value * 256n + BigInt(block[index] ?? 0);
  const result = Number(value);
  if (!Number.isSafeInteger(result))
    throw new ArchiveError('too-large', 'a tar header holds a number that is too large');
  return result;
}
