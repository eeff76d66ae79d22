import { ArchiveError } from './archive-error.ts';
import { BLOCK } from './header.ts';
import { MAX_PAX_BYTES, SPARSE_PREFIX } from './pax.ts';

/** A piece of a sparse file that the archive holds; zeros lie between them. */
interface Region {
  readonly offset: number;
  readonly length: number;
}

/** What a PAX header says of a sparse member, as GNU tar writes them. */
export interface SparseMember {
  readonly name: string | undefined;
  /** With its holes. */
  readonly size: number | undefined;
  /** undefined in format 1.0: the content begins with it. */
  readonly map: readonly Region[] | undefined;
}

/** @returns undefined for what is not sparse. @throws ArchiveError bad-pax; unsupported for a format that nobody knows */
export function readSparse(records: ReadonlyMap<string, Buffer>): SparseMember | undefined {
  if (![...records.keys()].some((key) => key.startsWith(SPARSE_PREFIX))) return undefined;
  const text = (key: string) => records.get(`${SPARSE_PREFIX}${key}`)?.toString('latin1') ?? '';
  const format = `${text('major')}.${text('minor')}`;
  if (format !== '1.0' && format !== '0.0' && format !== '0.1' && (format !== '.' || text('map') === ''))
    throw new ArchiveError('unsupported', `a sparse member of the unknown format ${JSON.stringify(format)}`);
  const size = text('size') || text('realsize');
  return {
    name: text('name') || undefined,
    size: size === '' ? undefined : numberOf(size),
    map: format === '1.0' ? undefined : regionsOf(numberOf(text('numblocks')), numbersOf(text('map'))),
  };
}

function numbersOf(map: string): number[] {
  return map === '' ? [] : map.split(',').map(numberOf);
}

function numberOf(text: string): number {
  if (!/^\d{1,16}$/.test(text)) throw bad();
  return Number(text);
}

function regionsOf(count: number, numbers: readonly number[]): Region[] {
  if (numbers.length !== 2 * count) throw bad();
  return Array.from({ length: count }, (_, i) => ({ offset: numbers[2 * i] ?? 0, length: numbers[2 * i + 1] ?? 0 }));
}

/** Where the content of a sparse member goes. */
export interface SparseSink {
  content(chunk: Uint8Array): void;
  hole(bytes: number): void;
}

/** Puts the holes back between what an archive holds of a file. */
export class SparseContent {
  readonly #sink: SparseSink;
  readonly #size: number;
  readonly #stored: number;
  readonly #reader = new MapReader();
  #regions: readonly Region[] | undefined;
  #index = 0;
  #at = 0;

  /**
   * @param sizes of the file, and of what the archive holds of it
   * @throws ArchiveError bad-pax when regions overlap, are not in order or do not fit
   */
  constructor(map: SparseMember['map'], sizes: { readonly size: number; readonly stored: number }, sink: SparseSink) {
    this.#sink = sink;
    this.#size = sizes.size;
    this.#stored = sizes.stored;
    if (map !== undefined) this.#use(map, sizes.stored);
  }

  /** @throws ArchiveError bad-pax */
  take(chunk: Uint8Array): void {
    let at = this.#regions === undefined ? this.#takeMap(chunk) : 0;
    while (at < chunk.length) {
      const { offset, length } = this.#regionAt(this.#index);
      if (this.#at < offset) this.#skipTo(offset);
      const part = chunk.subarray(at, at + offset + length - this.#at);
      this.#sink.content(part);
      this.#at += part.length;
      at += part.length;
      if (this.#at === offset + length) this.#index += 1;
    }
  }

  /** After the last byte. @throws ArchiveError bad-pax when it ended within the map */
  end(): void {
    if (this.#regions === undefined) throw bad();
    if (this.#at < this.#size) this.#skipTo(this.#size);
  }

  #regionAt(index: number): Region {
    const region = this.#regions?.[index];
    if (region === undefined) throw bad();
    return region;
  }

  #skipTo(offset: number): void {
    this.#sink.hole(offset - this.#at);
    this.#at = offset;
  }

  #takeMap(chunk: Uint8Array): number {
    const taken = this.#reader.take(chunk);
    const map = this.#reader.map();
    if (map !== undefined) this.#use(map, this.#stored - this.#reader.bytes);
    return taken;
  }

  #use(map: readonly Region[], stored: number): void {
    let end = 0;
    let sum = 0;
    for (const { offset, length } of map) {
      // what is no safe integer is larger than any size
      if (offset < end || offset + length > this.#size) throw bad();
      end = offset + length;
      sum += length;
    }
    if (sum !== stored) throw bad();
    this.#regions = map.filter(({ length }) => length > 0);
  }
}

const NEWLINE = 0x0a;
const ZERO = 0x30;

/** Format 1.0: the number of regions, then offset and length of each, a line each, padded to a block. */
class MapReader {
  readonly #numbers: number[] = [];
  #wanted = 1;
  #digits = '';
  bytes = 0;

  /** @returns how many bytes belong to the map */
  take(chunk: Uint8Array): number {
    let at = 0;
    for (; at < chunk.length && !this.#isComplete(); at += 1) {
      this.bytes += 1;
      if (this.#numbers.length < this.#wanted) this.#takeByte(chunk[at] ?? 0);
    }
    return at;
  }

  /** undefined until all of it is there. */
  map(): Region[] | undefined {
    return this.#isComplete() ? regionsOf(this.#numbers[0] ?? 0, this.#numbers.slice(1)) : undefined;
  }

  #isComplete(): boolean {
    return this.#numbers.length === this.#wanted && this.bytes % BLOCK === 0;
  }

  #takeByte(byte: number): void {
    if (this.bytes > MAX_PAX_BYTES) throw bad();
    if (byte !== NEWLINE) {
      if (byte < ZERO || byte > ZERO + 9 || this.#digits.length === 16) throw bad();
      this.#digits += String.fromCharCode(byte);
      return;
    }
    this.#numbers.push(numberOf(this.#digits));
    this.#digits = '';
    if (this.#numbers.length === 1) this.#wanted += 2 * (this.#numbers[0] ?? 0);
  }
}

function bad(): ArchiveError {
  return new ArchiveError('bad-pax', 'a sparse member with a broken map');
}
