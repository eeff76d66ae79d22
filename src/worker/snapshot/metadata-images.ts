import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { isErrno } from '../../host/fs/index.ts';
import { isKeptWhole } from './erofs/kept-image.ts';

export interface MetadataImage {
  readonly path: string;
  /** One that is not is made again by the next RUN on its layer, so it may as well be removed. */
  readonly isWhole: boolean;
}

/**
 * The EROFS images of metadata in a layer's directory, each read and checked; a layer that borrows directories from others has several.
 * @public
 */
export function checkMetadataImages(layerDir: string): MetadataImage[] {
  return namesIn(layerDir)
    .filter((name) => name === 'erofs' || name.startsWith('erofs-'))
    .map((name) => join(layerDir, name))
    .flatMap((path) => {
      const isWhole = isKeptWhole(path);
      return isWhole === undefined ? [] : [{ path, isWhole }];
    });
}

function namesIn(dir: string): string[] {
  try {
    return readdirSync(dir).sort();
  } catch (error) {
    if (!isErrno(error, 'ENOENT')) throw error;
    return [];
  }
}
