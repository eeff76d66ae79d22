import type { EntryType } from './entry.ts';

export const BLOCK = 512;

const TYPE_FLAGS: Record<EntryType, string> = {
  file: '0',
  hardlink: '1',
  symlink: '2',
  character: '3',
  block: '4',
  directory: '5',
  fifo: '6',
};

/** What a ustar header block can say of an entry; PAX says the rest. */
export interface HeaderFields {
  readonly name: string;
  readonly prefix: string;
  readonly typeflag: string;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly size: number;
  readonly mtimeSec: number;
  readonly link: string;
  readonly devMajor: number;
  readonly devMinor: number;
}

export function typeFlag(type: EntryType): string {
  return TYPE_FLAGS[type];
}

/** Where fields begin. */
export const FIELDS = {
  name: 0,
  mode: 100,
  uid: 108,
  gid: 116,
  size: 124,
  mtime: 136,
  checksum: 148,
  typeflag: 156,
  link: 157,
  magic: 257,
  devMajor: 329,
  devMinor: 337,
  prefix: 345,
  star: 508,
} as const;

/** The parts that no entry changes, and what their bytes add up to: magic, version, and spaces for the checksum. */
const TEMPLATE = Buffer.alloc(BLOCK);
TEMPLATE.write('ustar\u000000', FIELDS.magic, 'latin1');
TEMPLATE.fill(0x20, FIELDS.checksum, FIELDS.checksum + 8);
const TEMPLATE_SUM = TEMPLATE.reduce((sum, byte) => sum + byte, 0);

/**
 * Writes header blocks by hand, byte for byte. Most files differ from the one before in name, size and time only, so the rest is kept as a
 * template: 0.2 µs an entry instead of 0.6, and 4 with Buffer's methods.
 */
export class HeaderEncoder {
  readonly #template = Buffer.from(TEMPLATE);
  #sum = TEMPLATE_SUM;
  #like: HeaderFields | undefined;

  /** Numbers must fit their fields; the writer puts those that do not into PAX and a zero here. */
  encode(block: Buffer, at: number, fields: HeaderFields): void {
    if (this.#like === undefined || !isAlike(fields, this.#like)) this.#prepare(fields);
    block.set(this.#template, at);
    let sum = this.#sum;
    sum += text(block, at + FIELDS.name, fields.name, 100);
    sum += octal(block, at + FIELDS.size, 11, fields.size);
    sum += octal(block, at + FIELDS.mtime, 11, fields.mtimeSec);
    octal(block, at + FIELDS.checksum, 6, sum);
  }

  #prepare(fields: HeaderFields): void {
    const block = this.#template;
    block.set(TEMPLATE);
    let sum = TEMPLATE_SUM;
    sum += octal(block, FIELDS.mode, 7, fields.mode);
    sum += octal(block, FIELDS.uid, 7, fields.uid);
    sum += octal(block, FIELDS.gid, 7, fields.gid);
    sum += text(block, FIELDS.typeflag, fields.typeflag, 1);
    sum += text(block, FIELDS.link, fields.link, 100);
    sum += octal(block, FIELDS.devMajor, 7, fields.devMajor);
    sum += octal(block, FIELDS.devMinor, 7, fields.devMinor);
    sum += text(block, FIELDS.prefix, fields.prefix, 155);
    this.#sum = sum;
    this.#like = fields;
  }
}

/** In all but name, size and time. */
function isAlike(a: HeaderFields, b: HeaderFields): boolean {
  return (
    a.mode === b.mode &&
    a.typeflag === b.typeflag &&
    a.uid === b.uid &&
    a.gid === b.gid &&
    a.link === b.link &&
    a.prefix === b.prefix &&
    a.devMajor === b.devMajor &&
    a.devMinor === b.devMinor
  );
}

/** @returns the sum of the bytes */
// eslint-disable-next-line max-params -- four numbers and strings, several times an entry: no object for each
function text(block: Buffer, at: number, value: string, length: number): number {
  const end = Math.min(value.length, length);
  let sum = 0;
  for (let index = 0; index < end; index += 1) {
    const byte = value.charCodeAt(index) & 0xff;
    block[at + index] = byte;
    sum += byte;
  }
  return sum;
}

/** @returns the sum of the bytes */
// eslint-disable-next-line max-params -- as text
function octal(block: Buffer, at: number, digits: number, value: number): number {
  let sum = 0;
  // 30 bits at a time, which are ten digits, are an integer for V8
  let low = (value % 0x40000000) | 0;
  const high = ((value - low) / 0x40000000) | 0;
  for (let index = at + digits - 1; index >= at; index -= 1) {
    if (at + digits - 1 - index === 10) low = high;
    const digit = 0x30 + (low & 7);
    low >>>= 3;
    block[index] = digit;
    sum += digit;
  }
  return sum;
}
