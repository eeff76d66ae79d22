import { BuildError } from '../../errors.ts';
import type { TarEntry } from '../../image/archive/index.ts';
import { displayPath, joinRel, parentOf, type RelPath, TOP } from '../../util/rel-path.ts';

/** Anything in which paths can be followed. */
export interface Lookup {
  lookup(path: RelPath): Pick<TarEntry, 'type' | 'link'> | undefined;
}

const MOST_LINKS = 255;
/** Linux's PATH_MAX, without the byte at the end. */
const LONGEST_PATH = 4095;

/**
 * Follows a path as in a chroot at `root`: symlinks lead nowhere outside, what does not exist is taken as written.
 * @param path latin1; relative to root
 * @throws BuildError copy-conflict for a loop of symlinks, copy-invalid for a path that is too long
 */
export function resolveIn(
  files: Lookup,
  path: string,
  options: { readonly root?: RelPath; readonly followLast?: boolean } = {},
): RelPath {
  assertNotTooLong(path);
  const root = options.root ?? TOP;
  const left = partsOf(path);
  let links = 0;
  let at = root;
  for (let part = left.pop(); part !== undefined; part = left.pop()) {
    if (part === '..') {
      if (at !== root) at = parentOf(at);
      continue;
    }
    const next = joinRel(at, part);
    const entry = left.length > 0 || options.followLast !== false ? files.lookup(next) : undefined;
    if (entry?.type !== 'symlink') {
      at = next;
      continue;
    }
    if (++links > MOST_LINKS) throw loopError(path, next);
    if (entry.link.startsWith('/')) at = root;
    left.push(...partsOf(entry.link));
  }
  return at;
}

function assertNotTooLong(path: string): void {
  if (path.length > LONGEST_PATH) {
    throw new BuildError(
      'copy-invalid',
      `the path ${displayPath(path.slice(0, 60))}… is longer than ${LONGEST_PATH} bytes`,
      { hint: 'no Linux system can open it; shorten it' },
    );
  }
}

function loopError(path: string, at: RelPath): BuildError {
  return new BuildError(
    'copy-conflict',
    `too many symbolic links on the way to /${displayPath(path.replace(/^\/+/, ''))}`,
    {
      hint: `/${displayPath(at)} is part of a loop of links`,
    },
  );
}

/** Last part first. */
function partsOf(path: string): string[] {
  return path
    .split('/')
    .filter((part) => part !== '' && part !== '.')
    .reverse();
}
