import { createHash } from 'node:crypto';
import { chmodSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { isErrno } from '../../../host/fs/index.ts';
import { BLOCK } from './format.ts';

/** Changes with every change of what the writer makes of the same layer. */
const VERSION = 1;
const MAGIC = 'TSBEROFS';
const DIGEST_AT = 16;

/** Keeps an image under a name, followed by a block that tells whether it is whole. Replaces what is there. */
export function keepImage(image: Buffer, { path, temp }: { path: string; temp: string }): void {
  writeFileSync(temp, Buffer.concat([image, sealOf(image)]), { mode: 0o444 });
  chmodSync(temp, 0o444);
  renameSync(temp, path);
}

/** Whether an image of this version is there and whole; undefined when there is none. */
export function isKeptWhole(path: string): boolean | undefined {
  try {
    const bytes = readFileSync(path);
    const image = bytes.subarray(0, Math.max(0, bytes.length - BLOCK));
    return bytes.subarray(image.length).equals(sealOf(image));
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return undefined;
    throw error;
  }
}

function sealOf(image: Buffer): Buffer {
  const seal = Buffer.alloc(BLOCK);
  seal.write(MAGIC, 'latin1');
  seal.writeUInt32LE(VERSION, MAGIC.length);
  createHash('sha256').update(image).digest().copy(seal, DIGEST_AT);
  return seal;
}
