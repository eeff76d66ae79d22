import { type Digest, digestAt, hexOf } from '../digest.ts';
import { KEY_AT, KEY_WORDS, type StatKey } from './key.ts';
import { ENTRY_WORDS, newPage, PAGE_ENTRIES, type StatPages } from './pages.ts';

const GENERATION = KEY_WORDS;
const DIGEST_BYTE = 48;
/** dev and ino: which file; the words after them, up to GENERATION, tell in which state. */
const INODE_WORDS = KEY_AT.size;

/** Entries in a page, beginning at a word. */
interface Place {
  readonly words: Uint32Array;
  readonly at: number;
}

/** A hash table of entries by inode; the newest state of an inode replaces the others. */
export class StatTable {
  readonly #pages: Uint32Array[];
  #count = 0;
  /** Entry number + 1 by slot; 0 is free. Open addressing. */
  #slots: Int32Array;

  /** @param saved is the table's own from now on */
  constructor(saved: StatPages = { count: 0, pages: [] }) {
    this.#pages = [...saved.pages];
    this.#slots = new Int32Array(slotsFor(saved.count));
    // an inode that is there twice shrinks the table: it is written over itself, from the front
    for (let entry = 0; entry < saved.count; entry++) this.#insert(this.#placeOf(entry));
  }

  get size(): number {
    return this.#count;
  }

  /** The digest of a file in exactly this state; using it marks it with the generation. */
  get(key: StatKey, generation: number): Digest | undefined {
    const entry = this.#slots[this.#slotOf({ words: key, at: 0 })] ?? 0;
    if (entry === 0) return undefined;
    const { words, at } = this.#placeOf(entry - 1);
    if (!isState({ words, at }, { words: key, at: 0 })) return undefined;
    words[at + GENERATION] = generation;
    return digestAt(Buffer.from(words.buffer, words.byteOffset, words.byteLength), at * 4 + DIGEST_BYTE);
  }

  set(key: StatKey, digest: Digest, generation: number): void {
    const entry = new Uint32Array(ENTRY_WORDS);
    for (let at = 0; at < KEY_WORDS; at += 1) entry[at] = key[at] ?? 0;
    entry[GENERATION] = generation;
    Buffer.from(entry.buffer).write(hexOf(digest), DIGEST_BYTE, 'hex');
    this.#insert({ words: entry, at: 0 });
  }

  /** Takes over the entries of another one, but for those of inodes that were used here in the generation. */
  merge({ count, pages }: StatPages, generation: number): void {
    for (let entry = 0; entry < count; entry++) {
      const place = placeIn(pages, entry);
      const known = this.#slots[this.#slotOf(place)] ?? 0;
      if (known === 0 || this.#generationOf(known - 1) !== generation) this.#insert(place);
    }
  }

  /** The entries, at most `limit` of them: the latest used. */
  entries(limit: number): StatPages {
    if (this.#count <= limit) return { count: this.#count, pages: this.#pages };
    const numbers = Uint32Array.from({ length: this.#count }, (_, i) => i);
    numbers.sort((one, other) => this.#generationOf(other) - this.#generationOf(one) || other - one);
    const pages: Uint32Array[] = [];
    for (const [index, number] of numbers.subarray(0, limit).entries()) {
      if (index % PAGE_ENTRIES === 0) pages.push(newPage());
      copyEntry(this.#placeOf(number), placeIn(pages, index));
    }
    return { count: limit, pages };
  }

  /** Over the entry of the same inode, or else after the others. */
  #insert(from: Place): void {
    const slot = this.#slotOf(from);
    const known = this.#slots[slot] ?? 0;
    if (known === 0) {
      this.#append(from, slot);
      return;
    }
    const to = this.#placeOf(known - 1);
    const usedAt = isState(to, from) ? generationAt(to) : 0;
    copyEntry(from, to);
    to.words[to.at + GENERATION] = Math.max(usedAt, generationAt(to));
  }

  #append(from: Place, slot: number): void {
    if (this.#count === this.#pages.length * PAGE_ENTRIES) this.#pages.push(newPage());
    copyEntry(from, this.#placeOf(this.#count));
    this.#count += 1;
    this.#slots[slot] = this.#count;
    if (2 * this.#count + 2 > this.#slots.length) this.#widen();
  }

  #placeOf(entry: number): Place {
    return placeIn(this.#pages, entry);
  }

  #generationOf(entry: number): number {
    return generationAt(this.#placeOf(entry));
  }

  /** The slot that holds the inode, or the free one where it would go. */
  #slotOf(key: Place): number {
    const mask = this.#slots.length - 1;
    for (let slot = hashOf(key) & mask; ; slot = (slot + 1) & mask) {
      const entry = this.#slots[slot] ?? 0;
      if (entry === 0 || isInode(this.#placeOf(entry - 1), key)) return slot;
    }
  }

  #widen(): void {
    this.#slots = new Int32Array(slotsFor(this.#count));
    for (let entry = 0; entry < this.#count; entry++) this.#slots[this.#slotOf(this.#placeOf(entry))] = entry + 1;
  }
}

function placeIn(pages: readonly Uint32Array[], entry: number): Place {
  return { words: pages[Math.floor(entry / PAGE_ENTRIES)] as Uint32Array, at: (entry % PAGE_ENTRIES) * ENTRY_WORDS };
}

function generationAt({ words, at }: Place): number {
  return words[at + GENERATION] ?? 0;
}

function copyEntry(from: Place, to: Place): void {
  if (from.words === to.words && from.at === to.at) return;
  for (let i = 0; i < ENTRY_WORDS; i++) to.words[to.at + i] = from.words[from.at + i] ?? 0;
}

function isInode(one: Place, other: Place): boolean {
  for (let i = 0; i < INODE_WORDS; i++) if (one.words[one.at + i] !== other.words[other.at + i]) return false;
  return true;
}

function isState(one: Place, other: Place): boolean {
  for (let i = INODE_WORDS; i < KEY_WORDS; i++) if (one.words[one.at + i] !== other.words[other.at + i]) return false;
  return true;
}

/** A power of two, at most three eighths full; at half it is time for more. */
function slotsFor(count: number): number {
  return 2 ** Math.ceil(Math.log2(Math.max(16, (count * 8) / 3 + 4)));
}

function hashOf({ words, at }: Place): number {
  let hash = Math.imul(words[at + 2] ?? 0, 0x9e3779b1) ^ Math.imul((words[at] ?? 0) + (words[at + 3] ?? 0), 0x85ebca6b);
  hash ^= hash >>> 15;
  return Math.imul(hash, 0x2c1b3c6d) >>> 1;
}
