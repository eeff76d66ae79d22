import { closeSync, openSync, readSync, unlinkSync, writeSync } from 'node:fs';

const CHUNK = 4 << 20;
/** Of the first chunk, which grows: most layers are small. */
const FIRST_BYTES = 16 << 10;
const CHUNKS_IN_MEMORY = 1;
/** Records begin at multiples of it, so that 32 bits can say where, and no length lies across the end of a block. */
const STEP = 4;
const MOST_BYTES = STEP * 0xffffffff;

/** More than the store can hold or point to. */
export class StoreFull extends Error {
  override readonly name = 'StoreFull';
}
const BLOCK = 16 << 10;
const BLOCKS = 128;

/** Closes the file of a store that nobody closed. */
const forgotten = new FinalizationRegistry<number>((fd) => closeSync(fd));

/**
 * Records that are written once and read in any order: in memory while they are few, then in a file that has no name any more and so is
 * gone with this process.
 */
export class RecordStore implements Disposable {
  readonly #path: string;
  /** The first ones, and the last. */
  readonly #chunks: (Buffer | undefined)[] = [];
  #filled = CHUNK;
  #fd: number | undefined;
  readonly #blocks: ({ readonly at: number; readonly bytes: Buffer } | undefined)[] = [];

  /** @param path the file's while it has a name */
  constructor(path: string) {
    this.#path = path;
  }

  /** @returns where it is, in 32 bits. @throws StoreFull also for a record of more than 4 MiB */
  append(record: Uint8Array): number {
    const size = 4 + record.length + (-record.length & (STEP - 1));
    if (size > CHUNK) throw new StoreFull('the attributes of a file take more than 4 MiB');
    if (this.#filled + size > CHUNK) this.#nextChunk();
    const index = this.#chunks.length - 1;
    const chunk = this.#roomIn(index, this.#filled + size);
    const at = this.#filled;
    chunk.writeUInt32LE(record.length, at);
    chunk.set(record, at + 4);
    this.#filled += size;
    return (index * CHUNK + at) / STEP;
  }

  /** Valid until the next call. */
  read(place: number): Buffer {
    const position = STEP * place;
    const index = Math.floor(position / CHUNK);
    const chunk = this.#chunks[index];
    return chunk === undefined ? this.#stored(position) : recordIn(chunk, position - index * CHUNK);
  }

  [Symbol.dispose](): void {
    this.#chunks.length = 0;
    this.#blocks.length = 0;
    if (this.#fd === undefined) return;
    forgotten.unregister(this);
    closeSync(this.#fd);
    this.#fd = undefined;
  }

  #stored(position: number): Buffer {
    const at = position % BLOCK;
    const { bytes } = this.#block(position - at);
    const length = bytes.readUInt32LE(at);
    if (at + 4 + length <= BLOCK) return bytes.subarray(at + 4, at + 4 + length);
    const record = Buffer.allocUnsafe(length);
    this.#load(record, position + 4);
    return record;
  }

  #block(at: number): { readonly bytes: Buffer } {
    const slot = (at / BLOCK) % BLOCKS;
    const known = this.#blocks[slot];
    if (known?.at === at) return known;
    const block = { at, bytes: known?.bytes ?? Buffer.allocUnsafeSlow(BLOCK) };
    this.#load(block.bytes, at);
    this.#blocks[slot] = block;
    return block;
  }

  #load(bytes: Buffer, at: number): void {
    for (let done = 0; done < bytes.length; ) {
      const count = readSync(this.#fd ?? -1, bytes, done, bytes.length - done, at + done);
      if (count === 0) throw new Error('a store of records lost its end');
      done += count;
    }
  }

  #file(): number {
    if (this.#fd !== undefined) return this.#fd;
    this.#fd = namelessFile(this.#path);
    forgotten.register(this, this.#fd, this);
    return this.#fd;
  }

  #roomIn(index: number, bytes: number): Buffer {
    const chunk = this.#chunks[index] as Buffer;
    if (bytes <= chunk.length) return chunk;
    const grown = Buffer.allocUnsafeSlow(Math.min(CHUNK, Math.max(bytes, 2 * chunk.length)));
    grown.set(chunk);
    this.#chunks[index] = grown;
    return grown;
  }

  #nextChunk(): void {
    const index = this.#chunks.length - 1;
    if ((index + 2) * CHUNK > MOST_BYTES) throw new StoreFull('its names and attributes take more than 16 GiB');
    const last = this.#chunks[index];
    if (index < CHUNKS_IN_MEMORY || last === undefined)
      this.#chunks.push(Buffer.allocUnsafeSlow(last === undefined ? FIRST_BYTES : CHUNK));
    else {
      const fd = this.#file();
      for (let done = 0; done < CHUNK; ) done += writeSync(fd, last, done, CHUNK - done, index * CHUNK + done);
      this.#chunks[index] = undefined;
      this.#chunks.push(last);
    }
    this.#filled = 0;
  }
}

function namelessFile(path: string): number {
  const fd = openSync(path, 'wx+', 0o600);
  unlinkSync(path);
  return fd;
}

function recordIn(chunk: Buffer, at: number): Buffer {
  return chunk.subarray(at + 4, at + 4 + chunk.readUInt32LE(at));
}
