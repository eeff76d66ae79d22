import { BLOCK, DIRENT_BYTES } from './format.ts';

export interface Dirent {
  /** Bytes decoded as latin1. */
  readonly name: string;
  readonly type: number;
  readonly nid: () => number;
}

/** Entries of one block of a directory: `from` up to `to`, `bytes` long. */
export interface DirectoryBlock {
  readonly from: number;
  readonly to: number;
  readonly bytes: number;
}

/** Sorted names, cut into blocks: all but the last count as full. */
export function planDirectory(names: readonly { readonly name: string }[]): DirectoryBlock[] {
  const blocks: DirectoryBlock[] = [];
  let from = 0;
  let bytes = 0;
  names.forEach(({ name }, index) => {
    const more = DIRENT_BYTES + name.length;
    if (bytes + more > BLOCK) {
      blocks.push({ from, to: index, bytes });
      from = index;
      bytes = 0;
    }
    bytes += more;
  });
  blocks.push({ from, to: names.length, bytes });
  return blocks;
}

/** Writes a block: its entries, then their names without anything between them. */
export function writeDirectoryBlock(
  image: Buffer,
  at: number,
  { entries, block: { from, to } }: { entries: readonly Dirent[]; block: DirectoryBlock },
): void {
  let place = DIRENT_BYTES * (to - from);
  entries.slice(from, to).forEach(({ name, type, nid }, index) => {
    const entry = at + DIRENT_BYTES * index;
    const number = nid();
    image.writeUInt32LE(number % 2 ** 32, entry);
    image.writeUInt32LE(Math.floor(number / 2 ** 32), entry + 4);
    image.writeUInt16LE(place, entry + 8);
    image.writeUInt8(type, entry + 10);
    image.write(name, at + place, 'latin1');
    place += name.length;
  });
}
