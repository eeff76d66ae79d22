import type { Digest } from '../../../cache/index.ts';
import type { RelPath } from '../../util/rel-path.ts';
import type { TarEntry } from '../archive/index.ts';
import type { PathCopier } from './name-tree.ts';

/**
 * A file of a tree. `type` is never 'hardlink' here: each name of a hard-link group is a file of its own with the same
 * `linkGroup`.
 */
export interface TreeEntry extends TarEntry {
  /** Equal for all names of one inode, within one tree; absent for files with one name. */
  readonly linkGroup?: string;
  /** A directory that is only there for what lies in it: nothing says when it was made. */
  readonly isImplied?: boolean;
}

/**
 * A file system to read from, wherever it lies: a context directory, a stack of layers, a fetched file, a heredoc. Reading is
 * synchronous (hot loops are) and follows no symlink: see resolve.ts for paths.
 */
export interface Tree {
  /** The entry itself; undefined when there is none, also when a parent is no directory. The top is always a directory. */
  lookup(path: RelPath): TreeEntry | undefined;
  /** Names of a directory's children, bytes in code unit order; [] for anything else. */
  list(path: RelPath): readonly string[];
  /** The sha256 of a regular file's content. May come from an index; `read` tells the truth. */
  digest(entry: TreeEntry): Digest;
  /**
   * The content of a regular file, in order, in chunks that are only valid until `sink` returns. The chunks add up to the
   * entry's size, or an error is thrown.
   */
  read(entry: TreeEntry, sink: (chunk: Uint8Array) => void): void;
  readonly numbered?: NumberedFiles;
  /** The bytes that a file's digest was made of, if they are still in memory, which then forgets them. */
  take?(entry: TreeEntry): Uint8Array | undefined;
}

/**
 * The same files by numbers that stay: of hundreds of thousands these are all that a holder keeps, and no path is looked up to ask for
 * one. A number comes from here, never from elsewhere.
 */
export interface NumberedFiles {
  /** undefined when there is nothing of that path. */
  number(path: RelPath): number | undefined;
  /** As Tree.list, of the number of a directory. */
  children(directory: number): Iterable<number>;
  isDirectory(number: number): boolean;
  path(number: number): RelPath;
  /** As Tree.lookup. @param path of the number */
  entry(number: number, path: RelPath): TreeEntry;
  /** Of a regular file, as TreeEntry says it; undefined for anything else. */
  linkGroup(number: number): string | undefined;
  /** As Tree.digest, and without a look at its entry. */
  digest(number: number): Digest;
  /** The 32 bytes of the same. */
  copyDigest(number: number, into: Uint8Array, offset: number): void;
  /** The permission bits of a plain file, which is a regular one of 0:0 with one name and no attributes; undefined for anything else. */
  plainMode(number: number): number | undefined;
  /** Of the paths below a file or directory. */
  pathCopier(above: number): PathCopier;
  /** Of all files that were looked at so far; undefined of more than `most`, or where states tell nothing. Absent for what has none. */
  states?(most: number): States | undefined;
  /** Whether its digest is kept by its state, or it has none. Of a number whose digest was asked for. */
  isKnownByState?(number: number): boolean;
}

/** What tells whether any of a tree's files has changed, without a look at their contents. */
export interface States {
  /** What they are the files of. */
  readonly place: string;
  /** Another one when a file has another name, owner, mode, size, time or inode, or when others were looked at. */
  readonly digest: Digest;
}
