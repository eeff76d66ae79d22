import { createHash } from 'node:crypto';
import { chmodSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { namesIn } from '../files.ts';

/** Changes with every change of what is made of the same layer. */
const VERSION = 1;
const MAGIC = 'TSBEROFS';
const DIGEST_AT = 16;
/** As long as a block of an image, so that an image with its seal is a whole number of them. */
const SEAL_BYTES = 512;

export interface MetadataImage {
  readonly path: string;
  /** One that is not is made again by the next RUN on its layer, so it may as well be removed. */
  readonly isWhole: boolean;
}

/** The EROFS images of metadata in a layer's directory, each read and checked; a layer that borrows directories from others has several. */
export function metadataImages(layerDir: string): MetadataImage[] {
  return namesIn(layerDir)
    .filter((name) => name === 'erofs' || name.startsWith('erofs-'))
    .map((name) => join(layerDir, name))
    .flatMap((path) => {
      const isWhole = isKeptWhole(path);
      return isWhole === undefined ? [] : [{ path, isWhole }];
    });
}

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
    const image = bytes.subarray(0, Math.max(0, bytes.length - SEAL_BYTES));
    return bytes.subarray(image.length).equals(sealOf(image));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

function sealOf(image: Buffer): Buffer {
  const seal = Buffer.alloc(SEAL_BYTES);
  seal.write(MAGIC, 'latin1');
  seal.writeUInt32LE(VERSION, MAGIC.length);
  createHash('sha256').update(image).digest().copy(seal, DIGEST_AT);
  return seal;
}
