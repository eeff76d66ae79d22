const CHUNK_BITS = 20;
const CHUNK = 1 << CHUNK_BITS;
/** Of the first chunk, which grows: most trees are small. */
const FIRST_BYTES = 4 << 10;
/** Of all names: 5 million of a hundred bytes. */
const MOST_CHUNKS = 512;
const SLASH = 0x2f;

/** Names as bytes, one after the other: two bytes of length before each. */
export class NameBytes {
  readonly #chunks: Buffer[] = [];
  #filled = CHUNK;

  /** @returns where it is; undefined when there is no room */
  add(name: string): number | undefined {
    const length = name.length;
    if (this.#filled + 2 + length > CHUNK) {
      if (this.#chunks.length === MOST_CHUNKS) return undefined;
      this.#chunks.at(-1)?.fill(0, this.#filled);
      this.#chunks.push(Buffer.allocUnsafeSlow(this.#chunks.length === 0 ? FIRST_BYTES : CHUNK));
      this.#filled = 0;
    }
    const chunk = this.#roomFor(this.#filled + 2 + length);
    const at = this.#filled;
    chunk[at] = length & 0xff;
    chunk[at + 1] = length >> 8;
    for (let index = 0; index < length; index += 1) chunk[at + 2 + index] = name.charCodeAt(index);
    this.#filled = at + 2 + length;
    return ((this.#chunks.length - 1) << CHUNK_BITS) | at;
  }

  text(position: number): string {
    const chunk = this.#chunk(position);
    const at = position & (CHUNK - 1);
    return chunk.toString('latin1', at + 2, at + 2 + lengthAt(chunk, at));
  }

  is(position: number, name: string): boolean {
    const chunk = this.#chunk(position);
    const at = position & (CHUNK - 1);
    if (lengthAt(chunk, at) !== name.length) return false;
    // from the end: names of one directory are alike at their beginning
    for (let index = name.length - 1; index >= 0; index -= 1)
      if (chunk[at + 2 + index] !== name.charCodeAt(index)) return false;
    return true;
  }

  /** Less than 0 when the bytes here come before a name, 0 when they are its. */
  compareTo(position: number, name: string): number {
    const chunk = this.#chunk(position);
    const at = position & (CHUNK - 1);
    const length = lengthAt(chunk, at);
    const shorter = Math.min(length, name.length);
    for (let index = 0; index < shorter; index += 1) {
      const difference = (chunk[at + 2 + index] ?? 0) - name.charCodeAt(index);
      if (difference !== 0) return difference;
    }
    return length - name.length;
  }

  /** Into a buffer that has room for a name. @returns where they end */
  copy(position: number, into: Uint8Array, offset: number): number {
    const chunk = this.#chunk(position);
    const at = position & (CHUNK - 1);
    const length = lengthAt(chunk, at);
    for (let index = 0; index < length; index += 1) into[offset + index] = chunk[at + 2 + index] ?? 0;
    return offset + length;
  }

  /** In byte order. A prefix has a slash after its name. */
  compare(
    left: number,
    right: number,
    { isLeftPrefix, isRightPrefix }: { readonly isLeftPrefix: boolean; readonly isRightPrefix: boolean },
  ): number {
    const [a, b] = [this.#chunk(left), this.#chunk(right)];
    const [start, other] = [left & (CHUNK - 1), right & (CHUNK - 1)];
    const [leftLength, rightLength] = [lengthAt(a, start), lengthAt(b, other)];
    const shorter = Math.min(leftLength, rightLength);
    for (let index = 2; index < 2 + shorter; index += 1) {
      const difference = (a[start + index] ?? 0) - (b[other + index] ?? 0);
      if (difference !== 0) return difference;
    }
    const leftNext = leftLength > shorter ? (a[start + 2 + shorter] ?? 0) : isLeftPrefix ? SLASH : -1;
    const rightNext = rightLength > shorter ? (b[other + 2 + shorter] ?? 0) : isRightPrefix ? SLASH : -1;
    return leftNext - rightNext;
  }

  /** All of them, in the order in which they were added. What is left of a chunk is in it, and zero. */
  *memory(): Generator<Uint8Array> {
    for (const [index, chunk] of this.#chunks.entries())
      yield chunk.subarray(0, index === this.#chunks.length - 1 ? this.#filled : chunk.length);
  }

  /** Of the last chunk. */
  #roomFor(bytes: number): Buffer {
    const chunk = this.#chunks.at(-1) as Buffer;
    if (bytes <= chunk.length) return chunk;
    const grown = Buffer.allocUnsafeSlow(Math.min(CHUNK, Math.max(bytes, 2 * chunk.length)));
    grown.set(chunk);
    this.#chunks[this.#chunks.length - 1] = grown;
    return grown;
  }

  #chunk(position: number): Buffer {
    return this.#chunks[position >>> CHUNK_BITS] as Buffer;
  }
}

function lengthAt(chunk: Buffer, at: number): number {
  return (chunk[at] ?? 0) | ((chunk[at + 1] ?? 0) << 8);
}
