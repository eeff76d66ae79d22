/** What is no message or key as RFC 4251 lays it out. */
export class WireError extends Error {}

/** Reads the fields of a message one after another. @throws WireError where there is less than a field says */
export class WireReader {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  uint32(): number {
    return this.bytes(4).readUInt32BE();
  }

  /** A length and that many bytes: strings, and numbers (mpint) with the zero that keeps them positive. */
  string(): Buffer {
    return this.bytes(this.uint32());
  }

  text(): string {
    return this.string().toString('latin1');
  }

  bytes(count: number): Buffer {
    const end = this.#at + count;
    if (end > this.#bytes.length) throw new WireError('a field is longer than what holds it');
    const field = this.#bytes.subarray(this.#at, end);
    this.#at = end;
    return field;
  }

  rest(): Buffer {
    return this.bytes(this.#bytes.length - this.#at);
  }
}

export function wireUint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

export function wireString(value: Uint8Array | string): Buffer {
  const bytes = Buffer.from(value);
  return Buffer.concat([wireUint32(bytes.length), bytes]);
}

/** A number of any size that is not negative, from its bytes, the highest first. */
export function wireNumber(bytes: Uint8Array): Buffer {
  const digits = withoutZeros(bytes);
  const isNegativeAlone = ((digits[0] ?? 0) & 0x80) !== 0;
  return wireString(isNegativeAlone ? Buffer.concat([Buffer.alloc(1), digits]) : digits);
}

export function withoutZeros(bytes: Uint8Array): Uint8Array {
  const first = bytes.findIndex((byte) => byte !== 0);
  return first < 0 ? bytes.subarray(bytes.length) : bytes.subarray(first);
}
