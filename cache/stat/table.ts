import { type Digest, digestAt, writeDigest } from '../digest.ts';
import { KEY_AT, KEY_WORDS, type StatKey } from './key.ts';
import { ENTRY_WORDS, newPage, PAGE_BITS, PAGE_ENTRIES, type StatPages } from './pages.ts';

const GENERATION = KEY_WORDS;
const DIGEST_BYTE = 48;
const DIGEST_BYTES = 32;
/** dev and ino: which file; the words after them, up to GENERATION, tell in which state. */
const INODE_WORDS = KEY_AT.size;
/** The generation of an entry whose inode has a later one. */
const SUPERSEDED = 0;
export const NO_ENTRY = -1;

/** Entries in a page, beginning at a word. */
interface Place {
  readonly words: Uint32Array;
  readonly at: number;
}

/**
 * A hash table of entries by inode; the newest state of an inode replaces the others. The number of an entry that was used in the latest
 * generation stays what it is: a newer state of its inode comes after it.
 */
export class StatTable {
  readonly #pages: Uint32Array[];
  /** The same memory. */
  readonly #bytes: Buffer[];
  #count = 0;
  /** Entry number + 1 by slot; 0 is free. Open addressing. */
  #slots: Int32Array;

  /** @param saved is the table's own from now on */
  constructor(saved: StatPages = { count: 0, pages: [] }) {
    this.#pages = [...saved.pages];
    this.#bytes = this.#pages.map(bufferOf);
    this.#slots = new Int32Array(slotsFor(saved.count));
    // an inode that is there twice shrinks the table: it is written over itself, from the front
    for (let entry = 0; entry < saved.count; entry++) this.#insert(placeIn(this.#pages, entry));
  }

  /** The number of the entry of a file in exactly this state, or NO_ENTRY; it is marked with the generation. */
  find(key: StatKey, generation: number): number {
    const entry = (this.#slots[this.#slotOf(key, 0)] ?? 0) - 1;
    if (entry === NO_ENTRY) return NO_ENTRY;
    if (!this.#isState(entry, key, 0)) return NO_ENTRY;
    this.#pageOf(entry)[wordOf(entry) + GENERATION] = generation;
    return entry;
  }

  digest(entry: number): Digest {
    return digestAt(this.#bytes[entry >>> PAGE_BITS] as Buffer, wordOf(entry) * 4 + DIGEST_BYTE);
  }

  /** The 32 bytes of its digest. */
  copyDigest(entry: number, into: Uint8Array, offset: number): void {
    const bytes = this.#bytes[entry >>> PAGE_BITS] as Buffer;
    const at = wordOf(entry) * 4 + DIGEST_BYTE;
    for (let index = 0; index < DIGEST_BYTES; index += 1) into[offset + index] = bytes[at + index] ?? 0;
  }

  /** @returns the number of its entry */
  set(key: StatKey, digest: Digest, generation: number): number {
    const slot = this.#slotOf(key, 0);
    const known = (this.#slots[slot] ?? 0) - 1;
    const wasUsed = known !== NO_ENTRY && this.#generationOf(known) === generation;
    if (wasUsed && this.#isState(known, key, 0) && this.digest(known) === digest) return known;
    if (wasUsed) this.#pageOf(known)[wordOf(known) + GENERATION] = SUPERSEDED;
    const isNew = wasUsed || known === NO_ENTRY;
    const entry = isNew ? this.#reserve() : known;
    const words = this.#pageOf(entry);
    const at = wordOf(entry);
    for (let index = 0; index < KEY_WORDS; index += 1) words[at + index] = key[index] ?? 0;
    words[at + GENERATION] = generation;
    writeDigest(digest, this.#bytes[entry >>> PAGE_BITS] as Buffer, at * 4 + DIGEST_BYTE);
    if (isNew) this.#publish(slot);
    return entry;
  }

  /** Takes over the entries of another one, but for those of inodes that were used here in the generation. */
  merge({ count, pages }: StatPages, generation: number): void {
    for (let entry = 0; entry < count; entry++) {
      const place = placeIn(pages, entry);
      const known = (this.#slots[this.#slotOf(place.words, place.at)] ?? 0) - 1;
      if (known === NO_ENTRY || this.#generationOf(known) !== generation) this.#insert(place);
    }
  }

  /** The entries, at most `limit` of them: the latest used. Of one inode the last counts. */
  entries(limit: number): StatPages {
    if (this.#count <= limit) return { count: this.#count, pages: this.#pages };
    const numbers = Uint32Array.from({ length: this.#count }, (_, i) => i).filter(
      (entry) => this.#generationOf(entry) !== SUPERSEDED,
    );
    numbers.sort((one, other) => this.#generationOf(other) - this.#generationOf(one) || other - one);
    const pages: Uint32Array[] = [];
    for (const [index, number] of numbers.subarray(0, limit).entries()) {
      if (index % PAGE_ENTRIES === 0) pages.push(newPage());
      copyEntry(placeIn(this.#pages, number), placeIn(pages, index));
    }
    return { count: Math.min(limit, numbers.length), pages };
  }

  /** Over the entry of the same inode, or else after the others. @returns its number */
  #insert(from: Place): number {
    const slot = this.#slotOf(from.words, from.at);
    const known = (this.#slots[slot] ?? 0) - 1;
    if (known === NO_ENTRY) return this.#append(from, slot);
    const to = placeIn(this.#pages, known);
    const usedAt = this.#isState(known, from.words, from.at) ? generationAt(to) : 0;
    copyEntry(from, to);
    to.words[to.at + GENERATION] = Math.max(usedAt, generationAt(to));
    return known;
  }

  #append(from: Place, slot: number): number {
    const entry = this.#reserve();
    copyEntry(from, placeIn(this.#pages, entry));
    this.#publish(slot);
    return entry;
  }

  /** @returns the number of the next entry, which has room and is not there yet */
  #reserve(): number {
    if (this.#count === this.#pages.length * PAGE_ENTRIES) {
      const page = newPage();
      this.#pages.push(page);
      this.#bytes.push(bufferOf(page));
    }
    return this.#count;
  }

  /** The entry that was reserved, in the slot of its inode. */
  #publish(slot: number): void {
    this.#count += 1;
    this.#slots[slot] = this.#count;
    if (4 * this.#count + 4 > 3 * this.#slots.length) this.#widen();
  }

  #pageOf(entry: number): Uint32Array {
    return this.#pages[entry >>> PAGE_BITS] as Uint32Array;
  }

  #generationOf(entry: number): number {
    return this.#pageOf(entry)[wordOf(entry) + GENERATION] ?? 0;
  }

  /** The slot that holds the inode of a key, or the free one where it would go. */
  #slotOf(words: Uint32Array, at: number): number {
    const mask = this.#slots.length - 1;
    for (let slot = hashOf(words, at) & mask; ; slot = (slot + 1) & mask) {
      const entry = (this.#slots[slot] ?? 0) - 1;
      if (entry === NO_ENTRY || this.#isInode(entry, words, at)) return slot;
    }
  }

  // a key by two arguments, not as an object: these run for each file of a context

  #isInode(entry: number, words: Uint32Array, at: number): boolean {
    const own = this.#pageOf(entry);
    const from = wordOf(entry);
    for (let i = 0; i < INODE_WORDS; i++) if (own[from + i] !== words[at + i]) return false;
    return true;
  }

  /** Of the same inode. */
  #isState(entry: number, words: Uint32Array, at: number): boolean {
    const own = this.#pageOf(entry);
    const from = wordOf(entry);
    for (let i = INODE_WORDS; i < KEY_WORDS; i++) if (own[from + i] !== words[at + i]) return false;
    return true;
  }

  /** Of an inode that is there twice the later entry counts. */
  #widen(): void {
    this.#slots = new Int32Array(slotsFor(this.#count));
    for (let entry = 0; entry < this.#count; entry++)
      this.#slots[this.#slotOf(this.#pageOf(entry), wordOf(entry))] = entry + 1;
  }
}

function bufferOf(words: Uint32Array): Buffer {
  return Buffer.from(words.buffer, words.byteOffset, words.byteLength);
}

function wordOf(entry: number): number {
  return (entry & (PAGE_ENTRIES - 1)) * ENTRY_WORDS;
}

function placeIn(pages: readonly Uint32Array[], entry: number): Place {
  return { words: pages[entry >>> PAGE_BITS] as Uint32Array, at: wordOf(entry) };
}

function generationAt({ words, at }: Place): number {
  return words[at + GENERATION] ?? 0;
}

function copyEntry(from: Place, to: Place): void {
  if (from.words === to.words && from.at === to.at) return;
  for (let i = 0; i < ENTRY_WORDS; i++) to.words[to.at + i] = from.words[from.at + i] ?? 0;
}

/** A power of two, at most two thirds full; at three quarters it is time for more. */
function slotsFor(count: number): number {
  return 2 ** Math.ceil(Math.log2(Math.max(16, (count * 3) / 2 + 4)));
}

function hashOf(words: Uint32Array, at: number): number {
  let hash = Math.imul(words[at + 2] ?? 0, 0x9e3779b1) ^ Math.imul((words[at] ?? 0) + (words[at + 3] ?? 0), 0x85ebca6b);
  hash ^= hash >>> 15;
  return Math.imul(hash, 0x2c1b3c6d) >>> 1;
}
