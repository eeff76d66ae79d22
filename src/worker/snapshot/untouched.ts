import { closeSync, constants, openSync, readSync } from 'node:fs';
import type { TarEntry } from '../../image/archive/index.ts';
import type { Tree, TreeEntry } from '../../image/toc/index.ts';

/** What the layers below have. */
export type Below = Pick<Tree, 'lookup' | 'read'>;

/**
 * Whether a file that lies at `at` is in all that a layer holds what the layers below have under its name: it was touched, as by a chmod to
 * the mode that it had, or by a hard link to it, which then is a file of its own in the layer. Never a directory.
 */
export function isUntouched(entry: TarEntry, at: Buffer, below: Below): boolean {
  const before = below.lookup(entry.path);
  if (before?.type !== entry.type || !isSame(entry, before)) return false;
  if (entry.size !== before.size || entry.link !== before.link) return false;
  if (entry.devMajor !== before.devMajor || entry.devMinor !== before.devMinor) return false;
  return entry.type !== 'file' || hasContentOf(at, before, below);
}

const ATTRIBUTES = ['mode', 'uid', 'gid'] as const;
const TIMES = ['mtimeSec', 'mtimeNsec'] as const;

/** As attributes go. A directory's time is none: it moves with every file that comes and goes. */
export function isSame(a: TarEntry, b: TarEntry): boolean {
  const fields = a.type === 'directory' ? ATTRIBUTES : [...ATTRIBUTES, ...TIMES];
  if (!fields.every((field) => a[field] === b[field]) || a.xattrs.size !== b.xattrs.size) return false;
  return [...a.xattrs].every(([name, value]) => {
    const other = b.xattrs.get(name);
    return other !== undefined && Buffer.from(value).equals(other);
  });
}

class Differs extends Error {}

/** Of files of one size. Reads both as far as they agree. */
function hasContentOf(at: Buffer, before: TreeEntry, below: Below): boolean {
  const fd = openSync(at, constants.O_RDONLY | constants.O_NOFOLLOW);
  try {
    below.read(before, (chunk) => {
      const own = Buffer.allocUnsafe(chunk.length);
      for (let done = 0; done < own.length; ) {
        const count = readSync(fd, own, done, own.length - done, null);
        if (count === 0) throw new Differs();
        done += count;
      }
      if (!own.equals(chunk)) throw new Differs();
    });
    return true;
  } catch (error) {
    if (!(error instanceof Differs)) throw error;
    return false;
  } finally {
    closeSync(fd);
  }
}
