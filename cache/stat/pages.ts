/**
 * One entry takes 80 bytes, as words of 32 bits: dev, ino, size, mtime, ctime (two words each), mode, the generation it was last used
 * in, sha256. Kept as it lies in the file: 20,000 entries are read without making an object of any.
 */
export const ENTRY_WORDS = 20;
export const ENTRY_BYTES = ENTRY_WORDS * 4;
export const PAGE_BITS = 12;
export const PAGE_ENTRIES = 1 << PAGE_BITS;

/** Entries in pages of PAGE_ENTRIES, so that growing copies nothing. */
export interface StatPages {
  readonly count: number;
  readonly pages: readonly Uint32Array[];
}

export function newPage(): Uint32Array<ArrayBuffer> {
  return new Uint32Array(PAGE_ENTRIES * ENTRY_WORDS);
}

/** The bytes of its first entries, or of all. */
export function bytesOf(page: Uint32Array, entries: number): Uint8Array {
  return new Uint8Array(page.buffer, page.byteOffset, Math.min(entries, PAGE_ENTRIES) * ENTRY_BYTES);
}
