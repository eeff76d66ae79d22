import { type Digest, digestAt, writeDigest } from './digest.ts';

const BYTES = 32;
const PAGE_BITS = 10;
const PAGE = 1 << PAGE_BITS;

/** Digests by number, 32 bytes for each page of numbers that has some. */
export class Digests {
  readonly #pages: (Buffer | undefined)[] = [];

  get(index: number): Digest | undefined {
    const page = this.#pages[index >>> PAGE_BITS];
    if (page === undefined) return undefined;
    const at = BYTES * (index & (PAGE - 1));
    return isNone(page, at) ? undefined : digestAt(page, at);
  }

  has(index: number): boolean {
    const page = this.#pages[index >>> PAGE_BITS];
    return page !== undefined && !isNone(page, BYTES * (index & (PAGE - 1)));
  }

  /** The 32 bytes of one that is there. */
  copy(index: number, into: Uint8Array, offset: number): void {
    const page = this.#pages[index >>> PAGE_BITS];
    const at = BYTES * (index & (PAGE - 1));
    for (let byte = 0; byte < BYTES; byte += 1) into[offset + byte] = page?.[at + byte] ?? 0;
  }

  set(index: number, digest: Digest): void {
    const number = index >>> PAGE_BITS;
    let page = this.#pages[number];
    if (page === undefined) {
      page = Buffer.alloc(BYTES * PAGE);
      while (this.#pages.length < number) this.#pages.push(undefined);
      this.#pages[number] = page;
    }
    writeDigest(digest, page, BYTES * (index & (PAGE - 1)));
  }
}

/** All zeros: nothing hashes to that. */
function isNone(page: Buffer, at: number): boolean {
  for (let index = at; index < at + BYTES; index += 1) if (page[index] !== 0) return false;
  return true;
}
