import { type RelPath, relPath } from '../../util/rel-path.ts';
import { ArchiveError } from './archive-error.ts';
import type { EntryType, TarEntry } from './entry.ts';
import { BLOCK, decodeHeader, type RawHeader } from './header.ts';
import { decodePax, MAX_PAX_BYTES, XATTR_PREFIX } from './pax.ts';

export interface TarHandler {
  entry(entry: TarEntry, info: { readonly contentOffset: number }): void;
  /** Content of the last entry, in order; valid until it returns. */
  content(chunk: Uint8Array): void;
  /** After the last byte of a file's content. */
  endEntry?(): void;
}

export interface TarLimits {
  readonly maxEntries: number;
  readonly maxPathBytes: number;
  /** Of all content together. */
  readonly maxBytes: number;
}

export const DEFAULT_LIMITS: TarLimits = {
  maxEntries: 5_000_000,
  maxPathBytes: 4096,
  maxBytes: Number.MAX_SAFE_INTEGER,
};

export interface TarReader {
  /** @throws ArchiveError, and what the handler throws */
  write(chunk: Uint8Array): void;
  /** @throws ArchiveError truncated when an entry is not complete */
  end(): void;
}

/** Reads a tar as it comes: ustar, PAX, GNU and v7. Every name it gives is safe to join to a directory. */
export function makeTarReader(handler: TarHandler, limits: TarLimits = DEFAULT_LIMITS): TarReader {
  return new PushReader(handler, limits);
}

type Records = Map<string, Buffer>;
const TYPES: Readonly<Record<string, EntryType>> = {
  '0': 'file',
  '\0': 'file',
  '7': 'file',
  '1': 'hardlink',
  '2': 'symlink',
  '3': 'character',
  '4': 'block',
  '5': 'directory',
  '6': 'fifo',
};
/** Entries that are about the next one, by what they hold. */
const META = new Set(['x', 'g', 'L', 'K']);

class PushReader implements TarReader {
  readonly #handler: TarHandler;
  readonly #limits: TarLimits;
  readonly #block = Buffer.alloc(BLOCK);
  #blockFilled = 0;
  #offset = 0;
  #remaining = 0;
  #padding = 0;
  #mode: 'header' | 'content' | 'skip' | 'meta' = 'header';
  #meta: { readonly flag: string; readonly chunks: Buffer[] } = { flag: '', chunks: [] };
  #global: Records = new Map();
  #local: Records = new Map();
  #entries = 0;
  #bytes = 0;
  #zeroBlocks = 0;

  constructor(handler: TarHandler, limits: TarLimits) {
    this.#handler = handler;
    this.#limits = limits;
  }

  write(chunk: Uint8Array): void {
    let at = 0;
    while (at < chunk.length && this.#zeroBlocks < 2) {
      if (this.#remaining > 0) at += this.#takeContent(chunk, at);
      else if (this.#padding > 0) at += this.#takePadding(chunk.length - at);
      else at += this.#takeHeader(chunk, at);
    }
  }

  end(): void {
    if (this.#zeroBlocks >= 2) return;
    if (this.#blockFilled > 0 || this.#remaining > 0 || this.#padding > 0 || this.#local.size > 0)
      throw new ArchiveError('truncated', 'the archive ends in the middle of an entry');
  }

  #takeContent(chunk: Uint8Array, at: number): number {
    const length = Math.min(this.#remaining, chunk.length - at);
    const part = chunk.subarray(at, at + length);
    if (this.#mode === 'content') this.#handler.content(part);
    else if (this.#mode === 'meta') this.#meta.chunks.push(Buffer.from(part));
    this.#remaining -= length;
    this.#offset += length;
    if (this.#remaining === 0) this.#contentEnded();
    return length;
  }

  #contentEnded(): void {
    if (this.#mode === 'content') this.#handler.endEntry?.();
    else if (this.#mode === 'meta') this.#takeMeta(Buffer.concat(this.#meta.chunks));
    this.#mode = 'header';
  }

  #takePadding(available: number): number {
    const length = Math.min(this.#padding, available);
    this.#padding -= length;
    this.#offset += length;
    return length;
  }

  #takeHeader(chunk: Uint8Array, at: number): number {
    const length = Math.min(BLOCK - this.#blockFilled, chunk.length - at);
    this.#block.set(chunk.subarray(at, at + length), this.#blockFilled);
    this.#blockFilled += length;
    this.#offset += length;
    if (this.#blockFilled === BLOCK) {
      this.#blockFilled = 0;
      this.#header(decodeHeader(this.#block));
    }
    return length;
  }

  #header(header: RawHeader | undefined): void {
    if (header === undefined) {
      this.#zeroBlocks += 1;
      return;
    }
    this.#zeroBlocks = 0;
    this.#entries += 1;
    if (this.#entries > this.#limits.maxEntries)
      throw new ArchiveError('too-many', `more than ${this.#limits.maxEntries} entries`);
    if (META.has(header.typeflag)) this.#startMeta(header);
    else this.#startEntry(header);
  }

  #startMeta({ typeflag, size }: RawHeader): void {
    if (size > MAX_PAX_BYTES || size < 0)
      throw new ArchiveError('bad-pax', `a header of ${size} bytes; at most ${MAX_PAX_BYTES} are taken`);
    this.#meta = { flag: typeflag, chunks: [] };
    this.#begin('meta', size);
  }

  #takeMeta(bytes: Buffer): void {
    switch (this.#meta.flag) {
      case 'x':
        for (const [key, value] of decodePax(bytes)) this.#local.set(key, value);
        break;
      case 'g':
        for (const [key, value] of decodePax(bytes)) this.#global.set(key, value);
        break;
      default:
        this.#local.set(this.#meta.flag === 'L' ? 'path' : 'linkpath', untilNul(bytes));
        break;
    }
  }

  #startEntry(header: RawHeader): void {
    const records = this.#global.size === 0 ? this.#local : new Map([...this.#global, ...this.#local]);
    this.#local = new Map();
    refuseSparse(header, records);
    const size = numberRecord(records, 'size') ?? header.size;
    if (!Number.isSafeInteger(size) || size < 0) throw new ArchiveError('too-large', 'an entry has an impossible size');
    const type = TYPES[header.typeflag];
    if (type === undefined) return this.#begin('skip', size);
    const entry = entryOf({ ...header, size }, { type, records, limits: this.#limits });
    const hasContent = type === 'file' && entry.type === 'file';
    this.#bytes += hasContent ? size : 0;
    if (this.#bytes > this.#limits.maxBytes)
      throw new ArchiveError('too-large', `the archive holds more than ${this.#limits.maxBytes} bytes`);
    this.#handler.entry(entry, { contentOffset: this.#offset });
    const carried = hasContent ? size : type === 'hardlink' || type === 'symlink' || type === 'directory' ? 0 : size;
    this.#begin(hasContent ? 'content' : 'skip', carried);
  }

  #begin(mode: 'content' | 'skip' | 'meta', size: number): void {
    this.#mode = mode;
    this.#remaining = size;
    this.#padding = (BLOCK - (size % BLOCK)) % BLOCK;
    if (size === 0) this.#contentEnded();
  }
}

interface EntryContext {
  readonly type: EntryType;
  readonly records: Records;
  readonly limits: TarLimits;
}

function entryOf(header: RawHeader, { type, records, limits }: EntryContext): TarEntry {
  const headerName = header.prefix === '' ? header.name : `${header.prefix}/${header.name}`;
  const name = records.get('path')?.toString('latin1') ?? headerName;
  const path = safePath(name, limits);
  // v7 tars tell a directory by the slash
  const actual: EntryType = type === 'file' && name.endsWith('/') ? 'directory' : type;
  const link = records.get('linkpath')?.toString('latin1') ?? header.link;
  const time = timeRecord(records) ?? { sec: header.mtimeSec, nsec: 0 };
  const isDevice = actual === 'character' || actual === 'block';
  return {
    path,
    type: actual,
    mode: header.mode & 0o7777,
    uid: numberRecord(records, 'uid') ?? header.uid,
    gid: numberRecord(records, 'gid') ?? header.gid,
    size: actual === 'file' ? header.size : 0,
    mtimeSec: time.sec,
    mtimeNsec: time.nsec,
    link: actual === 'hardlink' ? safePath(link, limits) : actual === 'symlink' ? checkedLink(link, limits) : '',
    devMajor: isDevice ? header.devMajor : 0,
    devMinor: isDevice ? header.devMinor : 0,
    xattrs: xattrsOf(records),
  };
}

/** A leading `/` or `./` goes, as in every unpacker; `..` is refused. */
function safePath(name: string, { maxPathBytes }: TarLimits): RelPath {
  if (name.length > maxPathBytes)
    throw new ArchiveError('unsafe-name', `a name of ${name.length} bytes; at most ${maxPathBytes} are taken`);
  if (name.includes('\0')) throw new ArchiveError('unsafe-name', 'a name with a NUL byte');
  if (name.split('/').includes('..'))
    throw new ArchiveError('unsafe-name', `the name ${JSON.stringify(name)} leads out of the archive`);
  return relPath(name);
}

function checkedLink(link: string, { maxPathBytes }: TarLimits): string {
  if (link.length > maxPathBytes || link.includes('\0') || link === '')
    throw new ArchiveError('unsafe-name', 'a symlink with an impossible target');
  return link;
}

function xattrsOf(records: Records): ReadonlyMap<string, Uint8Array> {
  const found = [...records]
    .filter(([key]) => key.startsWith(XATTR_PREFIX))
    .map(([key, value]): [string, Uint8Array] => [key.slice(XATTR_PREFIX.length), value]);
  return new Map(found.sort(([a], [b]) => (a < b ? -1 : 1)));
}

function refuseSparse(header: RawHeader, records: Records): void {
  const sparse = header.typeflag === 'S' || [...records.keys()].some((key) => key.startsWith('GNU.sparse.'));
  if (sparse)
    throw new ArchiveError(
      'unsupported',
      `${JSON.stringify(header.name)} is a sparse member, which layers may not hold`,
    );
}

function numberRecord(records: Records, key: string): number | undefined {
  const text = records.get(key)?.toString('latin1');
  if (text === undefined || text === '') return undefined;
  if (!/^\d{1,16}$/.test(text)) throw new ArchiveError('bad-pax', `a PAX header says ${key}=${text.slice(0, 32)}`);
  return Number(text);
}

function timeRecord(records: Records): { sec: number; nsec: number } | undefined {
  const text = records.get('mtime')?.toString('latin1');
  if (text === undefined || text === '') return undefined;
  const match = /^(-?)(\d{1,15})(?:\.(\d*))?$/.exec(text);
  if (match === null) throw new ArchiveError('bad-pax', `a PAX header says mtime=${text.slice(0, 32)}`);
  const whole = Number(match[2]);
  const nsec = Number((match[3] ?? '').slice(0, 9).padEnd(9, '0'));
  if (match[1] === '') return { sec: whole, nsec };
  return nsec === 0 ? { sec: whole === 0 ? 0 : -whole, nsec } : { sec: -whole - 1, nsec: 1_000_000_000 - nsec };
}

function untilNul(bytes: Buffer): Buffer {
  const end = bytes.indexOf(0);
  return end < 0 ? bytes : bytes.subarray(0, end);
}
