import { ArchiveError } from './archive-error.ts';

export const MAX_PAX_BYTES = 1024 * 1024;
export const XATTR_PREFIX = 'SCHILY.xattr.';
export const SPARSE_PREFIX = 'GNU.sparse.';
/** Of format 0.0, which has one of each for each region: together they are the map of format 0.1. */
const SPARSE_PAIR = [`${SPARSE_PREFIX}offset`, `${SPARSE_PREFIX}numbytes`] as const;
const SPARSE_MAP = `${SPARSE_PREFIX}map`;

/** `LEN KEY=VALUE\n`; LEN counts itself. Key, value and the result are bytes decoded as latin1. */
export function paxRecord(key: string, value: string): string {
  const body = key.length + value.length + 3;
  let length = body + digitsOf(body);
  if (digitsOf(length) !== digitsOf(body)) length = body + digitsOf(length);
  return `${length} ${key}=${value}\n`;
}

function digitsOf(number: number): number {
  return number < 10 ? 1 : number < 100 ? 2 : String(number).length;
}

/** @throws ArchiveError bad-pax */
export function decodePax(bytes: Buffer): Map<string, Buffer> {
  const records = new Map<string, Buffer>();
  const sparse: string[] = [];
  let offset = 0;
  while (offset < bytes.length) {
    const space = bytes.indexOf(0x20, offset);
    const end = offset + (space < 0 ? Number.NaN : lengthIn(bytes.toString('latin1', offset, space)));
    if (!(end <= bytes.length && end > space + 1 && bytes[end - 1] === 0x0a)) throw bad();
    const equals = bytes.indexOf(0x3d, space + 1);
    if (equals <= space + 1 || equals >= end) throw bad();
    const key = bytes.toString('latin1', space + 1, equals);
    records.set(key, Buffer.from(bytes.subarray(equals + 1, end - 1)));
    if (key === SPARSE_PAIR[0] || key === SPARSE_PAIR[1]) {
      if (key !== SPARSE_PAIR[sparse.length % 2]) throw bad();
      sparse.push(bytes.toString('latin1', equals + 1, end - 1));
    }
    offset = end;
  }
  if (sparse.length > 0) records.set(SPARSE_MAP, Buffer.from(sparse.join(','), 'latin1'));
  return records;
}

function lengthIn(digits: string): number {
  return /^\d{1,10}$/.test(digits) ? Number(digits) : Number.NaN;
}

function bad(): ArchiveError {
  return new ArchiveError('bad-pax', 'a broken PAX header');
}
