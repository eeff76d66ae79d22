import { BLOCK, DIRENT_BYTES, direntType } from './format.ts';
import type { Child } from './inodes.ts';

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
  { names, block: { from, to } }: { names: readonly Child[]; block: DirectoryBlock },
): void {
  let place = DIRENT_BYTES * (to - from);
  for (let index = from; index < to; index += 1) {
    const { name, inode } = names[index] as Child;
    const entry = at + DIRENT_BYTES * (index - from);
    image.writeUInt32LE(inode.nid % 2 ** 32, entry);
    image.writeUInt32LE(Math.floor(inode.nid / 2 ** 32), entry + 4);
    image.writeUInt16LE(place, entry + 8);
    image.writeUInt8(direntType(inode.entry.type), entry + 10);
    writeName(image, name, at + place);
    place += name.length;
  }
}

/** Byte by byte: most are short, and a call into Node costs more. */
function writeName(image: Buffer, name: string, at: number): void {
  for (let index = 0; index < name.length; index += 1) image[at + index] = name.charCodeAt(index);
}
