import { type Digest, digestAt, hexOf } from '../digest.ts';

/**
 * One entry takes 80 bytes, as words of 32 bits: dev, ino, size, mtime, ctime (two words each), mode, the generation it was last used
 * in, sha256. Kept as it lies in the file: 20,000 entries are read without making an object of any.
 */
export const ENTRY_WORDS = 20;
export const ENTRY_BYTES = ENTRY_WORDS * 4;
const MODE = 10;
const GENERATION = 11;
const DIGEST_BYTE = 48;
/** dev and ino: which file; the words after them, up to GENERATION, tell in which state. */
const INODE_WORDS = 4;

/** The words of one entry up to GENERATION. */
export type StatWords = Uint32Array;

/** A hash table of entries by inode; the newest state of an inode replaces the others. */
export class StatTable {
  #words: Uint32Array;
  /** The same memory. */
  #bytes: Buffer;
  #count: number;
  /** Entry number + 1 by slot; 0 is free. Open addressing. */
  #slots: Int32Array;

  /** @param words whole entries, at the start of their buffer; they are the table's own from now on */
  constructor(words: Uint32Array = new Uint32Array(0)) {
    this.#words = words;
    this.#bytes = Buffer.from(words.buffer);
    this.#count = 0;
    const count = words.length / ENTRY_WORDS;
    this.#slots = new Int32Array(slotsFor(count));
    for (let at = 0; at < words.length; at += ENTRY_WORDS) this.#insert(words, at);
  }

  get size(): number {
    return this.#count;
  }

  /** The digest of a file in exactly this state; using it marks it with the generation. */
  get(key: StatWords, generation: number): Digest | undefined {
    const entry = this.#slots[this.#slotOf(key, 0)] ?? 0;
    if (entry === 0) return undefined;
    const at = (entry - 1) * ENTRY_WORDS;
    if (!this.#isState(at, key, 0)) return undefined;
    this.#words[at + GENERATION] = generation;
    return digestAt(this.#bytes, at * 4 + DIGEST_BYTE);
  }

  set(key: StatWords, digest: Digest, generation: number): void {
    const entry = new Uint32Array(ENTRY_WORDS);
    entry.set(key.subarray(0, GENERATION));
    entry[GENERATION] = generation;
    Buffer.from(entry.buffer).write(hexOf(digest), DIGEST_BYTE, 'hex');
    this.#add(entry, 0);
  }

  /** Takes over all entries of another table. */
  merge(other: StatTable): void {
    for (let at = 0; at < other.#count * ENTRY_WORDS; at += ENTRY_WORDS) this.#add(other.#words, at);
  }

  /** The entries, at most `limit` of them: the latest used. */
  entries(limit: number): Uint32Array {
    const all = this.#words.subarray(0, this.#count * ENTRY_WORDS);
    if (this.#count <= limit) return all;
    const numbers = Uint32Array.from({ length: this.#count }, (_, i) => i);
    const generation = (entry: number): number => all[entry * ENTRY_WORDS + GENERATION] ?? 0;
    numbers.sort((one, other) => generation(other) - generation(one) || other - one);
    const kept = new Uint32Array(limit * ENTRY_WORDS);
    for (let i = 0; i < limit; i++) {
      const at = (numbers[i] ?? 0) * ENTRY_WORDS;
      kept.set(all.subarray(at, at + ENTRY_WORDS), i * ENTRY_WORDS);
    }
    return kept;
  }

  #add(from: Uint32Array, at: number): void {
    if ((this.#count + 1) * ENTRY_WORDS > this.#words.length) this.#grow();
    this.#insert(from, at);
  }

  /** Over the entry of the same inode, or else after the others. */
  #insert(from: Uint32Array, at: number): void {
    const slot = this.#slotOf(from, at);
    const known = this.#slots[slot] ?? 0;
    const to = (known === 0 ? this.#count++ : known - 1) * ENTRY_WORDS;
    if (known === 0) this.#slots[slot] = this.#count;
    const usedAt = known !== 0 && this.#isState(to, from, at) ? this.#generationAt(to) : 0;
    if (from !== this.#words || at !== to) {
      for (let i = 0; i < ENTRY_WORDS; i++) this.#words[to + i] = from[at + i] ?? 0;
    }
    this.#words[to + GENERATION] = Math.max(usedAt, this.#generationAt(to));
  }

  #generationAt(at: number): number {
    return this.#words[at + GENERATION] ?? 0;
  }

  /** The slot that holds the inode, or the free one where it would go. */
  #slotOf(key: Uint32Array, at: number): number {
    const mask = this.#slots.length - 1;
    for (let slot = hashOf(key, at) & mask; ; slot = (slot + 1) & mask) {
      const entry = this.#slots[slot] ?? 0;
      if (entry === 0 || this.#isInode((entry - 1) * ENTRY_WORDS, key, at)) return slot;
    }
  }

  #isInode(entryAt: number, key: Uint32Array, at: number): boolean {
    for (let i = 0; i < INODE_WORDS; i++) if (this.#words[entryAt + i] !== key[at + i]) return false;
    return true;
  }

  #isState(entryAt: number, key: Uint32Array, at: number): boolean {
    for (let i = INODE_WORDS; i <= MODE; i++) if (this.#words[entryAt + i] !== key[at + i]) return false;
    return true;
  }

  #grow(): void {
    const count = Math.max(1024, this.#count * 2);
    const words = new Uint32Array(count * ENTRY_WORDS);
    words.set(this.#words.subarray(0, this.#count * ENTRY_WORDS));
    this.#words = words;
    this.#bytes = Buffer.from(words.buffer);
    this.#slots = new Int32Array(slotsFor(count));
    for (let entry = 0; entry < this.#count; entry++) {
      this.#slots[this.#slotOf(words, entry * ENTRY_WORDS)] = entry + 1;
    }
  }
}

/** A power of two, at most half full. */
function slotsFor(count: number): number {
  return 2 ** Math.ceil(Math.log2(Math.max(16, count * 2 + 2)));
}

function hashOf(key: Uint32Array, at: number): number {
  let hash = Math.imul(key[at + 2] ?? 0, 0x9e3779b1) ^ Math.imul((key[at] ?? 0) + (key[at + 3] ?? 0), 0x85ebca6b);
  hash ^= hash >>> 15;
  return Math.imul(hash, 0x2c1b3c6d) >>> 1;
}
