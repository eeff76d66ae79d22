import { Numbers } from '../../image/toc/index.ts';

const CHUNK_BITS = 20;
const CHUNK = 1 << CHUNK_BITS;
/** Of larger files opening and closing is not what costs. */
const LARGEST = 64 << 10;
const MOST_CHUNKS = 32;
/** Where there are so many files that what is known of each fills memory. */
const FEW_CHUNKS = 8;

interface Chunk {
  readonly bytes: Buffer;
  /** Files in it that were not taken. */
  left: number;
}

/**
 * What small files held when their digests were made, until they are read once more: mostly they are to be written. At most 32 MiB, or 8
 * where there are many, and nothing once they were read.
 */
export class KeptContents {
  readonly #chunks: (Chunk | undefined)[] = [];
  #most = MOST_CHUNKS;
  #filled = CHUNK;
  #count = 0;
  /** Of nodes: where, plus one. */
  readonly #places = new Numbers(Uint32Array);

  /** Keeps less from now on. */
  expectMany(): void {
    this.#most = FEW_CHUNKS;
  }

  keep(node: number, content: Uint8Array): void {
    const size = content.length;
    if (size === 0 || size > LARGEST || !this.#hasRoomFor(size)) return;
    const index = this.#chunks.length - 1;
    const chunk = this.#chunks[index];
    if (chunk === undefined) return;
    while (this.#places.length <= node) this.#places.push(0);
    this.#places.set(node, ((index << CHUNK_BITS) | this.#filled) + 1);
    chunk.bytes.set(content, this.#filled);
    chunk.left += 1;
    this.#filled += size;
  }

  /** The bytes of a file that has so many, which are forgotten with this. */
  take(node: number, size: number): Uint8Array | undefined {
    const place = this.#places.get(node) - 1;
    const index = place >>> CHUNK_BITS;
    const chunk = place < 0 ? undefined : this.#chunks[index];
    if (chunk === undefined) return undefined;
    this.#places.set(node, 0);
    chunk.left -= 1;
    if (chunk.left === 0) this.#drop(index);
    const at = place & (CHUNK - 1);
    return chunk.bytes.subarray(at, at + size);
  }

  #drop(index: number): void {
    this.#chunks[index] = undefined;
    this.#count -= 1;
    if (index === this.#chunks.length - 1) this.#filled = CHUNK;
  }

  #hasRoomFor(size: number): boolean {
    if (this.#filled + size <= CHUNK) return true;
    if (this.#count >= this.#most || this.#chunks.length === MOST_NUMBERS) return false;
    this.#chunks.push({ bytes: Buffer.allocUnsafeSlow(CHUNK), left: 0 });
    this.#count += 1;
    this.#filled = 0;
    return true;
  }
}

/** Of chunks that places can tell. */
const MOST_NUMBERS = 1 << (31 - CHUNK_BITS);
