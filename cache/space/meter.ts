import { type Dirent, lstatSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

/** Bytes on disk, as `du` counts them: blocks, and a file with several names once. */
export interface Meter {
  /** Of the file or directory and everything below it; 0 for what is not there. */
  bytesBelow(path: string): number;
  /** Of the file or directory alone. */
  bytesOf(path: string): number;
  /** Directories that could not be read: what is below them was not counted. */
  readonly unreadable: readonly string[];
}

const BLOCK_BYTES = 512;

export function openMeter(): Meter {
  const linked = new Set<string>();
  const unreadable: string[] = [];
  const bytesOf = (path: string): number => {
    const stat = lstatSync(path, { throwIfNoEntry: false });
    if (stat === undefined) return 0;
    if (stat.nlink > 1 && !stat.isDirectory()) {
      const inode = `${stat.dev}:${stat.ino}`;
      if (linked.has(inode)) return 0;
      linked.add(inode);
    }
    return stat.blocks * BLOCK_BYTES;
  };
  const entriesOf = (dir: string): readonly Dirent[] => {
    try {
      return readdirSync(dir, { withFileTypes: true });
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'EACCES' || code === 'EPERM') unreadable.push(dir);
      else if (code !== 'ENOENT' && code !== 'ENOTDIR') throw error;
      return [];
    }
  };
  return {
    bytesOf,
    bytesBelow(path) {
      let bytes = bytesOf(path);
      const dirs = [path];
      for (let dir = dirs.pop(); dir !== undefined; dir = dirs.pop()) {
        for (const entry of entriesOf(dir)) {
          const below = join(dir, entry.name);
          bytes += bytesOf(below);
          if (entry.isDirectory()) dirs.push(below);
        }
      }
      return bytes;
    },
    unreadable,
  };
}
