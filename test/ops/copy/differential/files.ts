import {
  chmodSync,
  lchownSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { lgetxattr, lsetxattr, mknod, setMtime } from '../../../../src/host/sys/index.ts';
import type { EntryType } from '../../../../src/image/archive/index.ts';

/** A file to be made; names, links and contents are bytes decoded as latin1. */
export interface Made {
  readonly path: string;
  readonly type: EntryType;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly mtimeSec: number;
  readonly mtimeNsec: number;
  /** A file's content, a symlink's target, the first name of a hard link. */
  readonly text: string;
  /** Of a hard link: its file's content. */
  readonly content?: string;
  readonly capability?: string;
}

/** What can be seen of a file, and what it shares its inode with. */
export interface Seen {
  readonly type: string;
  readonly mode: number;
  readonly owner: string;
  readonly content: string;
  readonly mtime: string;
  readonly capability: string;
  readonly inode: string;
}

export const CAPABILITY = 'security.capability';

/** @param dir ASCII @param path latin1 */
export function at(dir: string, path: string): Buffer {
  return Buffer.from(path === '' ? dir : `${dir}/${path}`, 'latin1');
}

export function makeFiles(dir: string, files: readonly Made[]): void {
  for (const file of files) makeFile(at(dir, file.path), file, dir);
}

function makeFile(path: Buffer, file: Made, dir: string): void {
  if (file.type === 'hardlink') {
    linkSync(at(dir, file.text), path);
    return;
  }
  if (file.type === 'directory') mkdirSync(path);
  else if (file.type === 'symlink') symlinkSync(Buffer.from(file.text, 'latin1'), path);
  else if (file.type === 'file') writeFileSync(path, Buffer.from(file.text, 'latin1'));
  else mknod(path, file.type, 0o600, file.type === 'fifo' ? 0 : 1, file.type === 'fifo' ? 0 : 3);
  lchownSync(path, file.uid, file.gid);
  if (file.type !== 'symlink') chmodSync(path, file.mode);
  if (file.capability !== undefined) lsetxattr(path, CAPABILITY, Buffer.from(file.capability, 'latin1'));
  setMtime(path, file.mtimeSec, file.mtimeNsec);
}

export function look(dir: string, path: string) {
  try {
    return lstatSync(at(dir, path), { bigint: true });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw error;
  }
}

/** Names in a directory, in byte order; none for anything else. */
export function namesIn(dir: string, path: string): string[] {
  if (look(dir, path)?.isDirectory() !== true) return [];
  return readdirSync(at(dir, path), 'latin1').sort();
}

/** All that lies below a directory. */
export function seenIn(dir: string): Map<string, Seen> {
  const seen = new Map<string, Seen>();
  const walk = (parent: string) => {
    for (const name of namesIn(dir, parent)) {
      const path = parent === '' ? name : `${parent}/${name}`;
      const file = seeFile(dir, path);
      seen.set(path, file);
      if (file.type === 'directory') walk(path);
    }
  };
  walk('');
  return seen;
}

function seeFile(dir: string, path: string): Seen {
  const stat = look(dir, path);
  if (stat === undefined) throw new Error(`${path} went away`);
  const host = at(dir, path);
  const type = typeOf(Number(stat.mode));
  return {
    type,
    mode: type === 'symlink' ? 0o777 : Number(stat.mode) & 0o7777,
    owner: `${stat.uid}:${stat.gid}`,
    content:
      type === 'file'
        ? readFileSync(host, 'latin1')
        : type === 'symlink'
          ? readlinkSync(host, 'latin1')
          : type === 'character'
            ? `${stat.rdev >> 8n}:${stat.rdev & 255n}`
            : '',
    mtime: type === 'directory' ? '' : String(stat.mtimeNs),
    capability: type === 'file' ? Buffer.from(lgetxattr(host, CAPABILITY) ?? []).toString('latin1') : '',
    inode: type === 'directory' ? '' : `disk ${stat.ino}`,
  };
}

function typeOf(mode: number): string {
  return TYPES.get(mode & 0o170000) ?? 'unknown';
}

const TYPES: ReadonlyMap<number, EntryType> = new Map([
  [0o100000, 'file'],
  [0o040000, 'directory'],
  [0o120000, 'symlink'],
  [0o010000, 'fifo'],
  [0o020000, 'character'],
]);

/** A layer's files over those below it: directories merge, anything else takes the place of what was there. */
export function overlaid(below: ReadonlyMap<string, Seen>, layer: ReadonlyMap<string, Seen>): Map<string, Seen> {
  const merged = new Map(below);
  for (const [path, file] of layer) {
    if (file.type !== 'directory' || merged.get(path)?.type !== 'directory')
      for (const other of merged.keys()) if (other.startsWith(`${path}/`)) merged.delete(other);
    merged.set(path, file);
  }
  return merged;
}

/** In order, with the names of one inode in the place of its number: what two file systems can be compared by. */
export function comparable(seen: ReadonlyMap<string, Seen>): [string, Seen][] {
  const names = new Map<string, string[]>();
  for (const [path, { inode }] of [...seen].sort(byPath)) names.set(inode, [...(names.get(inode) ?? []), path]);
  return [...seen]
    .sort(byPath)
    .map(([path, file]) => [
      path,
      { ...file, inode: file.inode === '' ? '' : (names.get(file.inode) ?? []).join(' ') },
    ]);
}

function byPath([a]: [string, unknown], [b]: [string, unknown]): number {
  return a < b ? -1 : 1;
}
