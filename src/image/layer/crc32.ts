import * as zlib from 'node:zlib';

type Crc32 = (data: Uint8Array, before: number) => number;

/** CRC-32 as gzip has it; Node's own from 20.15 and 22.2 on. */
export function crc32(data: Uint8Array, before: number): number {
  return ((zlib as { crc32?: Crc32 }).crc32 ?? tableCrc32)(data, before);
}

let table: Uint32Array | undefined;

function makeTable(): Uint32Array {
  return Uint32Array.from({ length: 256 }, (_, index) => {
    let value = index;
    for (let bit = 0; bit < 8; bit += 1) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
    return value;
  });
}

function tableCrc32(data: Uint8Array, before: number): number {
  table ??= makeTable();
  let crc = ~before;
  for (const byte of data) crc = (table[(crc ^ byte) & 0xff] ?? 0) ^ (crc >>> 8);
  return ~crc >>> 0;
}
