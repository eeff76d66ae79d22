import type { RelPath } from '../../util/rel-path.ts';

export type EntryType = 'file' | 'directory' | 'symlink' | 'hardlink' | 'character' | 'block' | 'fifo';

/**
 * What a tar can say of one file: the attributes that a layer carries. Names, link targets and xattr names are bytes
 * decoded as latin1; xattr values are bytes.
 */
export interface TarEntry {
  /** Without leading or trailing slash; '' is the top directory (written as `./`). */
  readonly path: RelPath;
  readonly type: EntryType;
  /** Permission bits with setuid, setgid and sticky: 0 to 0o7777. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Bytes of content; 0 for all but files. */
  readonly size: number;
  /** Seconds since the epoch, may be negative, and nanoseconds 0 to 999,999,999. */
  readonly mtimeSec: number;
  readonly mtimeNsec: number;
  /** Symlink: the target verbatim. Hard link: the RelPath of the entry it is another name of. '' otherwise. */
  readonly link: string;
  /** For character and block devices; 0 otherwise. */
  readonly devMajor: number;
  readonly devMinor: number;
  /** In code unit order of their names. */
  readonly xattrs: ReadonlyMap<string, Uint8Array>;
}

/** Attributes that say nothing: root's, of the epoch, without permissions, links, numbers and xattrs. */
export const BARE = {
  mode: 0,
  uid: 0,
  gid: 0,
  size: 0,
  mtimeSec: 0,
  mtimeNsec: 0,
  link: '',
  devMajor: 0,
  devMinor: 0,
  xattrs: new Map(),
} as const satisfies Omit<TarEntry, 'path' | 'type'>;

/** What Linux has for every symlink; other systems let them differ. */
export const LINK_MODE = 0o777;

/** A directory that only what lies in it names. */
export const IMPLIED_DIRECTORY = { ...BARE, type: 'directory', mode: 0o755 } as const satisfies Omit<TarEntry, 'path'>;
