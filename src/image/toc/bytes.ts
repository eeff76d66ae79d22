/** Appends little-endian fields to a growing buffer. */
export class ByteWriter {
  #buffer = Buffer.allocUnsafe(64 * 1024);
  #view = viewOf(this.#buffer);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  u8(value: number): void {
    this.#room(1);
    this.#buffer[this.#length] = value;
    this.#length += 1;
  }

  u32(value: number): void {
    this.#room(4);
    this.#view.setUint32(this.#length, value, true);
    this.#length += 4;
  }

  /** Any safe integer, negative ones too. */
  f64(value: number): void {
    this.#room(8);
    this.#view.setFloat64(this.#length, value, true);
    this.#length += 8;
  }

  bytes(value: Uint8Array): void {
    this.#room(value.length);
    this.#buffer.set(value, this.#length);
    this.#length += value.length;
  }

  hex(value: string): void {
    this.#room(value.length / 2);
    this.#length += this.#buffer.write(value, this.#length, 'hex');
  }

  /** Length and bytes of a latin1 string. */
  text(value: string): void {
    this.u32(value.length);
    this.#room(value.length);
    const at = this.#length;
    if (value.length > SHORT) this.#buffer.write(value, at, 'latin1');
    else for (let index = 0; index < value.length; index += 1) this.#buffer[at + index] = value.charCodeAt(index);
    this.#length += value.length;
  }

  /** Over what was written before. */
  patchU32(at: number, value: number): void {
    this.#view.setUint32(at, value, true);
  }

  patchF64(at: number, value: number): void {
    this.#view.setFloat64(at, value, true);
  }

  /** From an offset on; valid until the next call. */
  view(from = 0): Buffer {
    return this.#buffer.subarray(from, this.#length);
  }

  clear(): void {
    this.#length = 0;
  }

  #room(size: number): void {
    if (this.#length + size <= this.#buffer.length) return;
    const grown = Buffer.allocUnsafe(Math.max(this.#buffer.length * 2, this.#length + size));
    grown.set(this.view());
    this.#buffer = grown;
    this.#view = viewOf(grown);
  }
}

/** Strings up to here are written faster by hand than by a call into Node. */
const SHORT = 128;

/** Reads what ByteWriter wrote. Reading past the end throws a RangeError. */
export class ByteReader {
  readonly #buffer: Buffer;
  readonly #view: DataView;
  #at: number;

  constructor({ buffer, view }: ByteSource, at: number) {
    this.#buffer = buffer;
    this.#view = view;
    this.#at = at;
  }

  u8(): number {
    const value = this.#view.getUint8(this.#at);
    this.#at += 1;
    return value;
  }

  u32(): number {
    const value = this.#view.getUint32(this.#at, true);
    this.#at += 4;
    return value;
  }

  f64(): number {
    const value = this.#view.getFloat64(this.#at, true);
    this.#at += 8;
    return value;
  }

  bytes(length: number): Buffer {
    const start = this.skip(length);
    return this.#buffer.subarray(start, start + length);
  }

  text(): string {
    const length = this.u32();
    if (length === 0) return '';
    const start = this.skip(length);
    return this.#buffer.toString('latin1', start, start + length);
  }

  /** @returns where it was */
  skip(length: number): number {
    const start = this.#at;
    if (start + length > this.#buffer.length) throw new RangeError('past the end');
    this.#at += length;
    return start;
  }
}

export interface ByteSource {
  readonly buffer: Buffer;
  readonly view: DataView;
}

export function byteSource(buffer: Buffer): ByteSource {
  return { buffer, view: viewOf(buffer) };
}

function viewOf({ buffer, byteOffset, length }: Buffer): DataView {
  return new DataView(buffer, byteOffset, length);
}
