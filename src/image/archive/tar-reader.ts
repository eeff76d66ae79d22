import { ArchiveError } from './archive-error.ts';
import { decodeHeader } from './decode-header.ts';
import type { TarEntry } from './entry.ts';
import { BLOCK, type HeaderFields } from './header.ts';
import { decodePax, MAX_PAX_BYTES } from './pax.ts';
import { entryOf, typeOf } from './read-entry.ts';
import { type Extended, NOTHING, readRecords } from './records.ts';
import type { PathLimits } from './safe-path.ts';
import { SparseContent, type SparseMember } from './sparse.ts';

export interface TarHandler {
  entry(entry: TarEntry, info: { readonly contentOffset: number }): void;
  /** Content of the last entry, in order; valid until it returns. */
  content(chunk: Uint8Array): void;
  /** So many bytes of zeros that the archive leaves out. Without it sparse members are refused. */
  hole?(bytes: number): void;
  /** After the last byte of a file's content. */
  endEntry?(): void;
}

export interface TarLimits extends PathLimits {
  readonly maxEntries: number;
  /** Of all content together. */
  readonly maxBytes: number;
}

export const DEFAULT_LIMITS: TarLimits = {
  maxEntries: 5_000_000,
  maxPathBytes: 4096,
  outside: 'refused',
  maxBytes: Number.MAX_SAFE_INTEGER,
};

export interface TarReader {
  /** @throws ArchiveError, and what the handler throws */
  write(chunk: Uint8Array): void;
  /** @throws ArchiveError truncated when an entry is not complete */
  end(): void;
}

/**
 * Reads a tar as it comes: ustar, PAX, GNU and v7. Every name it gives is safe to join to a directory. Where readers differ, it reads
 * what the container engines do: a file that means one thing here and another there is an attack.
 */
export function makeTarReader(handler: TarHandler, limits: TarLimits = DEFAULT_LIMITS): TarReader {
  return new PushReader(handler, limits);
}

/** Entries that are about others, by what they hold: a PAX header, one for all that follow, GNU's long name, its long link. */
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
  #sparse: SparseContent | undefined;
  #extended: Extended | undefined;
  #longName: string | undefined;
  #longLink: string | undefined;
  #entries = 0;
  #bytes = 0;
  #zeroBlocks = 0;

  constructor(handler: TarHandler, limits: TarLimits) {
    this.#handler = handler;
    this.#limits = limits;
  }

  write(bytes: Uint8Array): void {
    const chunk = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
    let at = 0;
    while (at < chunk.length && this.#zeroBlocks < 2) {
      if (this.#remaining > 0) at += this.#takeContent(chunk, at);
      else if (this.#padding > 0) at += this.#takePadding(chunk.length - at);
      else at += this.#takeHeader(chunk, at);
    }
  }

  end(): void {
    if (this.#zeroBlocks >= 2) return;
    if (this.#blockFilled > 0 || this.#remaining > 0 || this.#padding > 0 || this.#isAnnounced())
      throw new ArchiveError('truncated', 'the archive ends in the middle of an entry');
  }

  #isAnnounced(): boolean {
    return this.#extended !== undefined || this.#longName !== undefined || this.#longLink !== undefined;
  }

  #takeContent(chunk: Buffer, at: number): number {
    const length = Math.min(this.#remaining, chunk.length - at);
    const part = chunk.subarray(at, at + length);
    if (this.#mode === 'content') this.#give(part);
    else if (this.#mode === 'meta') this.#meta.chunks.push(Buffer.from(part));
    this.#remaining -= length;
    this.#offset += length;
    if (this.#remaining === 0) this.#contentEnded();
    return length;
  }

  #give(part: Buffer): void {
    if (this.#sparse === undefined) this.#handler.content(part);
    else this.#sparse.take(part);
  }

  #contentEnded(): void {
    if (this.#mode === 'content') this.#endEntry();
    else if (this.#mode === 'meta') this.#takeMeta(Buffer.concat(this.#meta.chunks));
    this.#mode = 'header';
  }

  #endEntry(): void {
    this.#sparse?.end();
    this.#sparse = undefined;
    this.#handler.endEntry?.();
  }

  #takePadding(available: number): number {
    const length = Math.min(this.#padding, available);
    this.#padding -= length;
    this.#offset += length;
    return length;
  }

  #takeHeader(chunk: Buffer, at: number): number {
    if (this.#blockFilled === 0 && chunk.length - at >= BLOCK) {
      this.#offset += BLOCK;
      this.#header(decodeHeader(chunk, at));
      return BLOCK;
    }
    const length = Math.min(BLOCK - this.#blockFilled, chunk.length - at);
    chunk.copy(this.#block, this.#blockFilled, at, at + length);
    this.#blockFilled += length;
    this.#offset += length;
    if (this.#blockFilled === BLOCK) {
      this.#blockFilled = 0;
      this.#header(decodeHeader(this.#block, 0));
    }
    return length;
  }

  #header(header: HeaderFields | undefined): void {
    if (header === undefined) {
      this.#zeroBlocks += 1;
      return;
    }
    if (this.#zeroBlocks > 0)
      throw new ArchiveError('bad-checksum', 'a broken archive: it goes on after a block of zeros');
    this.#entries += 1;
    if (this.#entries > this.#limits.maxEntries)
      throw new ArchiveError('too-many', `more than ${this.#limits.maxEntries} entries`);
    if (META.has(header.typeflag)) this.#startMeta(header);
    else this.#startEntry(header);
  }

  #startMeta({ typeflag, size }: HeaderFields): void {
    if (size > MAX_PAX_BYTES || size < 0)
      throw new ArchiveError('bad-pax', `a header of ${size} bytes; at most ${MAX_PAX_BYTES} are taken`);
    this.#meta = { flag: typeflag, chunks: [] };
    this.#begin('meta', size);
  }

  #takeMeta(bytes: Buffer): void {
    switch (this.#meta.flag) {
      case 'x':
        this.#extended = readRecords(decodePax(bytes));
        break;
      case 'g':
        // Read and not applied: no container engine does, and a layer must mean the same everywhere.
        decodePax(bytes);
        break;
      case 'L':
        this.#longName = untilNul(bytes);
        break;
      default:
        this.#longLink = untilNul(bytes);
        break;
    }
    this.#meta = { flag: '', chunks: [] };
  }

  #startEntry(header: HeaderFields): void {
    const extended = this.#extended ?? NOTHING;
    const longName = this.#longName;
    const longLink = this.#longLink;
    this.#extended = undefined;
    this.#longName = undefined;
    this.#longLink = undefined;
    const size = extended.size ?? header.size;
    if (!Number.isSafeInteger(size) || size < 0) throw new ArchiveError('too-large', 'an entry has an impossible size');
    const { sparse } = extended;
    const type = typeOf(header, { sparse, takesHoles: this.#handler.hole !== undefined });
    if (type === undefined) {
      this.#begin('skip', size);
      return;
    }
    const limits = this.#limits;
    const entry = entryOf(header, { longName, longLink, type, extended, size: sparse?.size ?? size, limits });
    this.#bytes += entry.size;
    if (this.#bytes > this.#limits.maxBytes)
      throw new ArchiveError('too-large', `the archive holds more than ${this.#limits.maxBytes} bytes`);
    this.#handler.entry(entry, { contentOffset: this.#offset });
    if (sparse !== undefined) this.#sparse = this.#sparseContent(entry, { ...sparse, stored: size });
    // whatever size the others claim, nothing follows them
    if (entry.type === 'file') this.#begin('content', size);
    else this.#begin('skip', 0);
  }

  #sparseContent({ type, size }: TarEntry, { map, stored }: SparseMember & { readonly stored: number }): SparseContent {
    if (type !== 'file') throw new ArchiveError('unsupported', `a sparse member that is a ${type}`);
    const handler = this.#handler;
    return new SparseContent(
      map,
      { size, stored },
      {
        content: (chunk) => handler.content(chunk),
        hole: (bytes) => handler.hole?.(bytes),
      },
    );
  }

  #begin(mode: 'content' | 'skip' | 'meta', size: number): void {
    this.#mode = mode;
    this.#remaining = size;
    this.#padding = (BLOCK - (size % BLOCK)) % BLOCK;
    if (size === 0) this.#contentEnded();
  }
}

function untilNul(bytes: Buffer): string {
  const end = bytes.indexOf(0);
  return bytes.toString('latin1', 0, end < 0 ? bytes.length : end);
}
