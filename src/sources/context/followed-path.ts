import { lstatSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { BuildError } from '../../errors.ts';
import { resolvePath, TooManyLinks } from '../../image/toc/index.ts';
import { hostPath, latin1Of } from '../../util/rel-path.ts';
import { openContext } from './open-context.ts';

/**
 * Where a file lies, as a host path: links are followed as in a chroot at its directory, so that none leads out of it. There may be nothing
 * at that path.
 * @throws BuildError context-invalid for what cannot be looked at, and for a loop of links
 */
export function followedPath(path: string): string | Buffer {
  if (isNoLink(path)) return path;
  const dir = dirname(path);
  const name = basename(path);
  try {
    return hostPath(dir, resolvePath(openContext(dir), latin1Of(name), { followLast: true }).path);
  } catch (error) {
    if (!(error instanceof TooManyLinks)) throw error;
    throw new BuildError('context-invalid', `cannot read ${name}: it is a link to itself`, {
      cause: error,
      hint: 'make it a readable file, or remove it',
    });
  }
}

/** Also of what is not there; false where that cannot be told. */
function isNoLink(path: string): boolean {
  try {
    return lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() !== true;
  } catch {
    return false;
  }
}
