import { crc32 } from './crc32.ts';
import { CHUNK, deflateChunk, endOf } from './deflate.ts';
import { TarCuts } from './tar-cuts.ts';

/** Sees a layer's tar while it is written. */
export interface TarTap {
  append(bytes: Uint8Array): void;
  /** Until it can take more; undefined when it can. */
  behind(): Promise<unknown> | undefined;
}

const MOST_IN_WORK = 8;
/** Of compressed bytes, which wait in memory. */
const MOST_BYTES = 16 << 20;

/**
 * The beginning of a layer, deflated as compressLayer does it, in Node's thread pool while the rest is being written. It stops where it would
 * hold too much, and compressLayer goes on from there.
 */
export class DeflateAhead implements TarTap {
  readonly level: number;
  /** Of the chunks that were begun. */
  readonly parts: Promise<Buffer>[] = [];
  /** Bytes of them, before they were deflated. */
  size = 0;
  crc = 0;
  /** Their end. */
  before: Buffer | undefined;
  /** How the tar goes on behind them. */
  cuts = new TarCuts();
  readonly #cuts = new TarCuts();
  readonly #free: Buffer[] = [];
  #chunk: Buffer | undefined;
  #filled = 0;
  #inWork: Promise<unknown>[] = [];
  #heldBytes = 0;
  #hasStopped = false;

  constructor(level: number) {
    this.level = level;
  }

  append(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length && !this.#hasStopped; ) {
      this.#chunk ??= this.#free.pop() ?? Buffer.allocUnsafeSlow(CHUNK);
      const fitting = bytes.subarray(at, at + CHUNK - this.#filled);
      const taken = fitting.subarray(0, this.#cuts.take(fitting));
      this.#chunk.set(taken, this.#filled);
      this.#filled += taken.length;
      at += taken.length;
      if (this.#filled === CHUNK || this.#cuts.isCut) this.#begin(this.#chunk, this.#filled);
    }
  }

  behind(): Promise<unknown> | undefined {
    return this.#inWork.length < MOST_IN_WORK / 2 ? undefined : this.#inWork[0];
  }

  /** Nothing comes any more. A last chunk that is not full is left to compressLayer. */
  end(): this {
    this.#hasStopped = true;
    this.#chunk = undefined;
    this.#free.length = 0;
    return this;
  }

  #begin(buffer: Buffer, length: number): void {
    const chunk = buffer.subarray(0, length);
    this.#chunk = undefined;
    this.#filled = 0;
    this.crc = crc32(chunk, this.crc);
    this.size += length;
    const before = this.cuts.isAtStart ? undefined : this.before;
    const part = deflateChunk({ chunk, before, level: this.level });
    this.before = Buffer.from(endOf(chunk));
    this.cuts = this.#cuts.copy();
    this.parts.push(part);
    const done: Promise<unknown> = part.then(
      ({ length }) => this.#done(buffer, done, length),
      () => this.end(),
    );
    this.#inWork.push(done);
    if (this.#inWork.length === MOST_IN_WORK) this.end();
  }

  #done(buffer: Buffer, done: Promise<unknown>, length: number): void {
    this.#inWork = this.#inWork.filter((one) => one !== done);
    this.#heldBytes += length;
    if (this.#heldBytes > MOST_BYTES) this.end();
    if (!this.#hasStopped) this.#free.push(buffer);
  }
}
