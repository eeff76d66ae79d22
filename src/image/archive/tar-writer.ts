import type { TarEntry } from './entry.ts';
import { BLOCK, HeaderEncoder, type HeaderFields, typeFlag } from './header.ts';
import { paxRecord, XATTR_PREFIX } from './pax.ts';

/** Writes a tar front to back. The same entries give the same bytes, on any machine. */
export interface TarWriter {
  /** Bytes so far. */
  readonly offset: number;
  /** The header; a file's content must follow, exactly `size` bytes of it. */
  entry(entry: TarEntry): void;
  content(chunk: Uint8Array): void;
  /** Two blocks of zeros; nothing may follow. */
  end(): void;
}

const BUFFER_BYTES = 256 * 1024;
const MAX_ID = 0o7777777;
const MAX_SIZE = 0o77777777777;

export interface TarWriterOptions {
  /** Times are cut down to their second. */
  readonly inSeconds?: boolean;
}

/**
 * POSIX pax format: plain ustar where that can say everything, an extended header before it where not. No atime or ctime, no
 * user names. Small writes are gathered; a chunk given to `sink` may be reused after it returns.
 */
export function makeTarWriter(sink: (chunk: Uint8Array) => void, options: TarWriterOptions = {}): TarWriter {
  return new BufferedTarWriter(sink, options);
}

class BufferedTarWriter implements TarWriter {
  readonly #sink: (chunk: Uint8Array) => void;
  readonly #buffer = Buffer.allocUnsafe(BUFFER_BYTES);
  readonly #headers = new HeaderEncoder();
  readonly #paxHeaders = new HeaderEncoder();
  #filled = 0;
  #flushed = 0;
  #remaining = 0;
  #padding = 0;
  readonly #inSeconds: boolean;

  constructor(sink: (chunk: Uint8Array) => void, { inSeconds = false }: TarWriterOptions) {
    this.#sink = sink;
    this.#inSeconds = inSeconds;
  }

  get offset(): number {
    return this.#flushed + this.#filled;
  }

  entry(entry: TarEntry): void {
    if (this.#remaining !== 0)
      throw new Error(`${this.#remaining} bytes of the entry before ${entry.path} are missing`);
    const name = tarName(entry);
    const split = splitName(name);
    const pax = paxOf(entry, split === undefined ? name : '', this.#inSeconds ? 0 : entry.mtimeNsec);
    if (pax !== '') this.#extended(pax);
    this.#header(ustarOf(entry, split ?? { name, prefix: '' }));
    this.#remaining = entry.type === 'file' ? entry.size : 0;
    this.#padding = padding(this.#remaining);
  }

  content(chunk: Uint8Array): void {
    if (chunk.length > this.#remaining) throw new Error('more content than the entry says');
    this.#remaining -= chunk.length;
    this.#write(chunk);
    if (this.#remaining === 0) this.#pad(this.#padding);
  }

  end(): void {
    if (this.#remaining !== 0) throw new Error(`${this.#remaining} bytes of the last entry are missing`);
    this.#pad(2 * BLOCK);
    this.#flush();
  }

  #extended(text: string): void {
    const size = text.length;
    this.#header({ ...PAX_HEADER, size }, this.#paxHeaders);
    if (size > BLOCK) this.#write(Buffer.from(text, 'latin1'));
    else {
      if (BLOCK > BUFFER_BYTES - this.#filled) this.#flush();
      this.#filled += this.#buffer.write(text, this.#filled, 'latin1');
    }
    this.#pad(padding(size));
  }

  #header(fields: HeaderFields, encoder = this.#headers): void {
    if (BLOCK > BUFFER_BYTES - this.#filled) this.#flush();
    encoder.encode(this.#buffer, this.#filled, fields);
    this.#filled += BLOCK;
  }

  #pad(size: number): void {
    if (size > BUFFER_BYTES - this.#filled) this.#flush();
    this.#buffer.fill(0, this.#filled, this.#filled + size);
    this.#filled += size;
  }

  #write(bytes: Uint8Array): void {
    if (bytes.length > BUFFER_BYTES - this.#filled) this.#flush();
    if (bytes.length > BUFFER_BYTES / 2) {
      this.#flush();
      this.#sink(bytes);
      this.#flushed += bytes.length;
      return;
    }
    this.#buffer.set(bytes, this.#filled);
    this.#filled += bytes.length;
  }

  #flush(): void {
    if (this.#filled === 0) return;
    this.#sink(this.#buffer.subarray(0, this.#filled));
    this.#flushed += this.#filled;
    this.#filled = 0;
  }
}

const PAX_HEADER: HeaderFields = {
  name: 'PaxHeader',
  prefix: '',
  typeflag: 'x',
  mode: 0o644,
  uid: 0,
  gid: 0,
  size: 0,
  mtimeSec: 0,
  link: '',
  devMajor: 0,
  devMinor: 0,
};

function padding(size: number): number {
  return (BLOCK - (size % BLOCK)) % BLOCK;
}

/** The name as a tar has it: directories end in a slash, the top is `./`. */
export function tarName(entry: Pick<TarEntry, 'path' | 'type'>): string {
  if (entry.path === '') return './';
  return entry.type === 'directory' ? `${entry.path}/` : entry.path;
}

/** What the header cannot say; '' when it says everything. */
function paxOf(entry: TarEntry, longName: string, nsec: number): string {
  const records: (readonly [string, string])[] = [];
  if (longName !== '') records.push(['path', longName]);
  if (!fitsText(entry.link, 100)) records.push(['linkpath', entry.link]);
  if (entry.type === 'file' && entry.size > MAX_SIZE) records.push(['size', String(entry.size)]);
  if (entry.uid > MAX_ID) records.push(['uid', String(entry.uid)]);
  if (entry.gid > MAX_ID) records.push(['gid', String(entry.gid)]);
  if (!isPlainTime(entry.mtimeSec, nsec)) records.push(['mtime', timeText(entry.mtimeSec, nsec)]);
  for (const [key, value] of entry.xattrs) records.push([`${XATTR_PREFIX}${key}`, latin1(value)]);
  if (records.length > 1) records.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
  let text = '';
  for (const [key, value] of records) text += paxRecord(key, value);
  return text;
}

function isPlainTime(sec: number, nsec: number): boolean {
  return nsec === 0 && sec >= 0 && sec <= MAX_SIZE;
}

function ustarOf(entry: TarEntry, { name, prefix }: SplitName): HeaderFields {
  const size = entry.type === 'file' ? entry.size : 0;
  return {
    name,
    prefix,
    typeflag: typeFlag(entry.type),
    mode: entry.mode,
    uid: entry.uid > MAX_ID ? 0 : entry.uid,
    gid: entry.gid > MAX_ID ? 0 : entry.gid,
    size: size > MAX_SIZE ? 0 : size,
    mtimeSec: Math.min(Math.max(entry.mtimeSec, 0), MAX_SIZE),
    link: entry.link,
    devMajor: entry.devMajor,
    devMinor: entry.devMinor,
  };
}

function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1');
}

interface SplitName {
  readonly name: string;
  readonly prefix: string;
}

/** ustar's two fields, or undefined when the name needs PAX. */
function splitName(name: string): SplitName | undefined {
  if (!isAscii(name)) return undefined;
  if (name.length <= 100) return { name, prefix: '' };
  for (
    let slash = name.indexOf('/', name.length - 101);
    slash >= 0 && slash < name.length - 1;
    slash = name.indexOf('/', slash + 1)
  ) {
    if (slash > 155) return undefined;
    if (slash > 0 && name.length - slash - 1 <= 100)
      return { name: name.slice(slash + 1), prefix: name.slice(0, slash) };
  }
  return undefined;
}

function fitsText(text: string, length: number): boolean {
  return text.length <= length && isAscii(text);
}

function isAscii(text: string): boolean {
  for (let index = 0; index < text.length; index += 1)
    if (text.charCodeAt(index) > 0x7e || text.charCodeAt(index) < 0x20) return false;
  return true;
}

/** Decimal seconds, exact: -1.5 is second -2 and 500,000,000 ns. */
function timeText(sec: number, nsec: number): string {
  const [whole, fraction] = sec < 0 && nsec > 0 ? [sec + 1, 1_000_000_000 - nsec] : [sec, nsec];
  const sign = sec < 0 && whole === 0 ? '-' : '';
  return fraction === 0 ? `${sign}${whole}` : `${sign}${whole}.${fractionText(fraction)}`;
}

function fractionText(nsec: number): string {
  const digits = String(1_000_000_000 + nsec).slice(1);
  return nsec % 10 === 0 ? digits.replace(/0+$/, '') : digits;
}
