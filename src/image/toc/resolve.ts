import { joinRel, type RelPath } from '../../util/rel-path.ts';
import type { Tree, TreeEntry } from './tree.ts';

export interface Resolved {
  readonly path: RelPath;
  /** undefined when there is nothing at the path. */
  readonly entry: TreeEntry | undefined;
  /** Symlinks that were passed, in order. */
  readonly hops: readonly RelPath[];
}

export class TooManyLinks extends Error {
  override readonly name = 'TooManyLinks';
}

const MAX_LINKS = 255;

/**
 * Where a path leads inside a tree, as in a chroot: absolute links start at the top, `..` stops there, missing parts stay as they
 * are written. With `followLast` false a link that the path ends in is not followed.
 * @throws TooManyLinks
 */
export function resolvePath(tree: Tree, path: string, { followLast }: { followLast: boolean }): Resolved {
  const hops: RelPath[] = [];
  const rest = path.split('/').reverse();
  let at = '' as RelPath;
  while (rest.length > 0) {
    const part = rest.pop() ?? '';
    if (part === '' || part === '.') continue;
    if (part === '..') {
      at = at.slice(0, Math.max(0, at.lastIndexOf('/'))) as RelPath;
      continue;
    }
    const next = joinRel(at, part);
    const entry = tree.lookup(next);
    const isLast = rest.every((one) => one === '' || one === '.');
    if (entry?.type !== 'symlink' || (isLast && !followLast)) {
      at = next;
      continue;
    }
    if (hops.push(next) > MAX_LINKS) throw new TooManyLinks(`too many symbolic links: ${path}`);
    if (entry.link.startsWith('/')) at = '' as RelPath;
    rest.push(...entry.link.split('/').reverse());
  }
  return { path: at, entry: tree.lookup(at), hops };
}
