import { ArchiveError } from './archive-error.ts';
import { XATTR_PREFIX } from './pax.ts';
import { readSparse, type SparseMember } from './sparse.ts';

/** What extended headers say of one entry. A record without a value says nothing: the header's field counts. */
export interface Extended {
  readonly path: string | undefined;
  readonly link: string | undefined;
  readonly size: number | undefined;
  readonly uid: number | undefined;
  readonly gid: number | undefined;
  readonly mtime: { readonly sec: number; readonly nsec: number } | undefined;
  readonly xattrs: ReadonlyMap<string, Uint8Array>;
  readonly sparse: SparseMember | undefined;
}

const NO_XATTRS: ReadonlyMap<string, Uint8Array> = new Map();

export const NOTHING: Extended = {
  path: undefined,
  link: undefined,
  size: undefined,
  uid: undefined,
  gid: undefined,
  mtime: undefined,
  xattrs: NO_XATTRS,
  sparse: undefined,
};

/** @throws ArchiveError bad-pax, unsupported */
export function readRecords(records: ReadonlyMap<string, Buffer>): Extended {
  return {
    path: textRecord(records, 'path'),
    link: textRecord(records, 'linkpath'),
    size: numberRecord(records, 'size'),
    uid: numberRecord(records, 'uid'),
    gid: numberRecord(records, 'gid'),
    mtime: timeRecord(records),
    xattrs: xattrsOf(records),
    sparse: readSparse(records),
  };
}

function textRecord(records: ReadonlyMap<string, Buffer>, key: string): string | undefined {
  const text = records.get(key)?.toString('latin1');
  return text === '' ? undefined : text;
}

function numberRecord(records: ReadonlyMap<string, Buffer>, key: string): number | undefined {
  const text = textRecord(records, key);
  if (text === undefined) return undefined;
  if (!/^\d{1,16}$/.test(text)) throw bad(key, text);
  return Number(text);
}

function timeRecord(records: ReadonlyMap<string, Buffer>): Extended['mtime'] {
  const text = textRecord(records, 'mtime');
  if (text === undefined) return undefined;
  const match = /^(-?)(\d{1,15})(?:\.(\d*))?$/.exec(text);
  if (match === null) throw bad('mtime', text);
  const whole = Number(match[2]);
  const nsec = Number((match[3] ?? '').slice(0, 9).padEnd(9, '0'));
  if (match[1] === '') return { sec: whole, nsec };
  return nsec === 0 ? { sec: whole === 0 ? 0 : -whole, nsec } : { sec: -whole - 1, nsec: 1_000_000_000 - nsec };
}

function bad(key: string, text: string): ArchiveError {
  return new ArchiveError('bad-pax', `a PAX header says ${key}=${JSON.stringify(text.slice(0, 32))}`);
}

function xattrsOf(records: ReadonlyMap<string, Buffer>): ReadonlyMap<string, Uint8Array> {
  const found: [string, Uint8Array][] = [];
  for (const [key, value] of records)
    if (key.startsWith(XATTR_PREFIX)) found.push([key.slice(XATTR_PREFIX.length), value]);
  return found.length === 0 ? NO_XATTRS : new Map(found.sort(([a], [b]) => (a < b ? -1 : 1)));
}
