import { join } from 'node:path';
import { removeTree } from '../../../cache/index.ts';
import { cleanTarget } from './paths.ts';

/** Directories of the root whose contents may belong to sub-ids. */
const PLACES = ['layers', 'mounts', 'tmp', 'failed'];

/** Deletes below the root; symlinks are removed, not followed. A name that leads elsewhere is refused. */
export async function removeBelow(rootDir: string, paths: readonly string[]): Promise<void> {
  for (const path of paths) {
    const clean = cleanTarget(path);
    const [, place = '', ...rest] = clean.split('/');
    if (clean !== `/${path}` || !PLACES.includes(place) || rest.length === 0)
      throw new Error(`not to be removed: ${path}`);
    await removeTree(join(rootDir, clean));
  }
}
