import { BuildError } from '../../errors.ts';
import { resolvePath, TooManyLinks } from '../../image/toc/index.ts';
import { hostPath, latin1Of } from '../../util/rel-path.ts';
import { openContext } from './open-context.ts';

/**
 * Where a file of a directory lies, as a host path: links are followed as in a chroot at the directory, so that none leads out of it.
 * There may be nothing at that path.
 * @throws BuildError context-invalid for what cannot be looked at, and for a loop of links
 */
export function followedPath(dir: string, name: string): Buffer {
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
