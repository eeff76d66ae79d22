import { BLOCK, extentAt } from '../archive/index.ts';

/** Files of this size and more are deflated on their own. */
export const OWN_FROM = 128 * 1024;

/** What comes next in a tar. */
interface Coming {
  /** False once there was a header that is none: nothing is known any more. */
  readonly isTar: boolean;
  /** Bytes of a large file. */
  readonly own: number;
  /** They are its first. */
  readonly isStart: boolean;
  /** Bytes between those and the next header: a small file's, padding. */
  readonly other: number;
  /** The beginning of that header, which was seen already. */
  readonly header: Uint8Array;
}

const NOTHING = Buffer.alloc(0);
const BEGINNING: Coming = { isTar: true, own: 0, isStart: false, other: 0, header: NOTHING };

/**
 * Where a layer's tar is cut: before the bytes of each large file, and behind them. So a file is deflated to the same bytes in whatever layer it
 * comes, and that can be done before there is a layer. What is no tar is not cut. What is told depends on the bytes alone, not on their pieces.
 */
export class TarCuts {
  #coming: Coming;
  #isCut = false;

  constructor(coming = BEGINNING) {
    this.#coming = coming;
  }

  /** The bytes that were taken last end a chunk. */
  get isCut(): boolean {
    return this.#isCut;
  }

  /** Bytes of a large file that come next; 0 between large files. */
  get fileLeft(): number {
    return this.#coming.own;
  }

  /** The next of them is a file's first. */
  get isAtStart(): boolean {
    return this.#coming.isStart;
  }

  copy(): TarCuts {
    return new TarCuts(this.#coming);
  }

  /** @returns how many of these bytes, of which there are some, may be in one chunk with those before */
  take(bytes: Uint8Array): number {
    const { isTar, own, other } = this.#coming;
    this.#isCut = false;
    if (!isTar) return bytes.length;
    if (own === 0) return this.#takeOther(bytes);
    const taken = Math.min(own, bytes.length);
    this.#isCut = taken === own;
    this.#coming = { ...BEGINNING, own: own - taken, other };
    return taken;
  }

  #takeOther(bytes: Uint8Array): number {
    let at = this.#coming.other;
    let { header } = this.#coming;
    while (at < bytes.length) {
      const end = at + BLOCK - header.length;
      if (end > bytes.length) {
        this.#coming = { ...BEGINNING, header: Buffer.concat([header, bytes.subarray(at)]) };
        return bytes.length;
      }
      const extent =
        header.length === 0 ? extentAt(bytes, at) : extentAt(Buffer.concat([header, bytes.subarray(at, end)]), 0);
      if (extent === undefined) {
        this.#coming = { ...BEGINNING, isTar: false };
        return bytes.length;
      }
      header = NOTHING;
      const { size, isFile } = extent;
      if (isFile && size >= OWN_FROM) {
        this.#isCut = true;
        this.#coming = { ...BEGINNING, own: size, isStart: true, other: padded(size) - size };
        return end;
      }
      at = end + padded(size);
    }
    this.#coming = { ...BEGINNING, other: at - bytes.length };
    return bytes.length;
  }
}

function padded(size: number): number {
  return Math.ceil(size / BLOCK) * BLOCK;
}
