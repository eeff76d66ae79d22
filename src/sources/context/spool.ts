import { randomUUID } from 'node:crypto';
import { closeSync, ftruncateSync, openSync, readSync, unlinkSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const IN_MEMORY = 32 << 20;
const CHUNK = 1 << 18;

/** Closes the file of a spool that nobody closed. */
const forgotten = new FinalizationRegistry<number>((fd) => closeSync(fd));

/**
 * Bytes that are written once and read in any order: in memory while they are few, then in a file that has no name any more
 * and so is gone with this process.
 */
export class Spool implements Disposable {
  readonly #tempDir: string;
  /** Twice as long whenever it is full. */
  #memory = Buffer.allocUnsafeSlow(1 << 12);
  #fd: number | undefined;
  #size = 0;

  constructor(tempDir: string = tmpdir()) {
    this.#tempDir = tempDir;
  }

  get size(): number {
    return this.#size;
  }

  append(bytes: Uint8Array): void {
    this.#makeRoom(bytes.length);
    if (this.#fd === undefined) this.#memory.set(bytes, this.#size);
    else writeAll(this.#fd, bytes, this.#size);
    this.#size += bytes.length;
  }

  /** Takes no room once there is a file. */
  appendZeros(count: number): void {
    this.#makeRoom(count);
    if (this.#fd === undefined) this.#memory.fill(0, this.#size, this.#size + count);
    else ftruncateSync(this.#fd, this.#size + count);
    this.#size += count;
  }

  /** Chunks are valid until `sink` returns. */
  read({ offset, size }: { readonly offset: number; readonly size: number }, sink: (chunk: Uint8Array) => void): void {
    if (offset + size > this.#size) throw new Error('read past the end of a spool');
    if (this.#fd === undefined) {
      if (size > 0) sink(this.#memory.subarray(offset, offset + size));
      return;
    }
    const chunk = Buffer.allocUnsafe(Math.min(CHUNK, size));
    for (let at = offset; at < offset + size; ) {
      const count = readSync(this.#fd, chunk, 0, Math.min(CHUNK, offset + size - at), at);
      if (count === 0) throw new Error('a spool lost its end');
      at += count;
      sink(chunk.subarray(0, count));
    }
  }

  /** All of it, from the start. */
  *chunks(): Iterable<Uint8Array> {
    for (let offset = 0; offset < this.#size; offset += CHUNK) {
      const parts: Uint8Array[] = [];
      this.read({ offset, size: Math.min(CHUNK, this.#size - offset) }, (chunk) => parts.push(Uint8Array.from(chunk)));
      yield Buffer.concat(parts);
    }
  }

  [Symbol.dispose](): void {
    this.#memory = Buffer.alloc(0);
    if (this.#fd === undefined) return;
    forgotten.unregister(this);
    closeSync(this.#fd);
    this.#fd = undefined;
    this.#size = 0;
  }

  #makeRoom(count: number): void {
    const end = this.#size + count;
    if (this.#fd !== undefined) return;
    if (end > IN_MEMORY) this.#spill();
    else if (end > this.#memory.length) this.#grow(end);
  }

  #grow(end: number): void {
    const grown = Buffer.allocUnsafeSlow(Math.max(end, 2 * this.#memory.length));
    grown.set(this.#memory.subarray(0, this.#size));
    this.#memory = grown;
  }

  #spill(): void {
    const path = join(this.#tempDir, `tsbuild-spool-${randomUUID()}`);
    this.#fd = openSync(path, 'wx+', 0o600);
    unlinkSync(path);
    forgotten.register(this, this.#fd, this);
    writeAll(this.#fd, this.#memory.subarray(0, this.#size), 0);
    this.#memory = Buffer.alloc(0);
  }
}

function writeAll(fd: number, bytes: Uint8Array, position: number): void {
  for (let written = 0; written < bytes.length; )
    written += writeSync(fd, bytes, written, bytes.length - written, position + written);
}
