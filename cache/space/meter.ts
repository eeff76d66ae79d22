import { closeSync, constants, type Dirent, lstatSync, openSync, readdirSync } from 'node:fs';
import { LONG_PATH } from '../files.ts';

/** Bytes on disk, as `du` counts them: blocks, and a file with several names once. */
export interface Meter {
  /** Of the file or directory and everything below it, however deep; 0 for what is not there. */
  bytesBelow(path: string): number;
  /** Of the file or directory alone. */
  bytesOf(path: string): number;
  /** Directories that could not be read: what is below them was not counted. */
  readonly unreadable: readonly string[];
}

export function openMeter(): Meter {
  const walk = new Walk();
  return {
    bytesOf: (path) => walk.bytesOf(path),
    bytesBelow: (path) => walk.bytesOf(path) + walk.inside(Buffer.from(path), path),
    unreadable: walk.unreadable,
  };
}

const BLOCK_BYTES = 512;
const SLASH = Buffer.from('/');

const DIRECTORY = constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW;

class Walk {
  readonly unreadable: string[] = [];
  readonly #linked = new Set<string>();

  bytesOf(path: string | Buffer): number {
    const stat = lstatSync(path, { throwIfNoEntry: false });
    if (stat === undefined) return 0;
    if (stat.nlink > 1 && !stat.isDirectory()) {
      const inode = `${stat.dev}:${stat.ino}`;
      if (this.#linked.has(inode)) return 0;
      this.#linked.add(inode);
    }
    return stat.blocks * BLOCK_BYTES;
  }

  /** @param shownTop what people call the directory */
  inside(top: Buffer, shownTop: string): number {
    const shown = (dir: Buffer): string => shownTop + dir.toString('utf8', top.length);
    let bytes = 0;
    const far: Buffer[] = [];
    const dirs = [top];
    for (let dir = dirs.pop(); dir !== undefined; dir = dirs.pop()) {
      for (const entry of this.#entries(dir, shown(dir))) {
        const path = Buffer.concat([dir, SLASH, entry.name]);
        bytes += this.bytesOf(path);
        if (entry.isDirectory()) (path.length > top.length + LONG_PATH ? far : dirs).push(path);
      }
    }
    for (const dir of far) bytes += this.#insideFar(dir, shown(dir));
    return bytes;
  }

  #insideFar(dir: Buffer, shown: string): number {
    const fd = this.#readable(shown, () => openSync(dir, DIRECTORY));
    if (fd === undefined) return 0;
    try {
      return this.inside(Buffer.from(`/proc/self/fd/${fd}`), shown);
    } finally {
      closeSync(fd);
    }
  }

  #entries(dir: Buffer, shown: string): readonly Dirent<Buffer>[] {
    return this.#readable(shown, () => readdirSync(dir, { withFileTypes: true, encoding: 'buffer' })) ?? [];
  }

  #readable<T>(shown: string, read: () => T): T | undefined {
    try {
      return read();
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'EACCES' || code === 'EPERM') this.unreadable.push(shown);
      else if (code !== 'ENOENT' && code !== 'ENOTDIR') throw error;
      return undefined;
    }
  }
}
