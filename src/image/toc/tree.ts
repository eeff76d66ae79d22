import type { Digest } from '../../../cache/index.ts';
import type { RelPath } from '../../util/rel-path.ts';
import type { TarEntry } from '../archive/index.ts';

/**
 * A file of a tree. `type` is never 'hardlink' here: each name of a hard-link group is a file of its own with the same
 * `linkGroup`.
 */
export interface TreeEntry extends TarEntry {
  /** Equal for all names of one inode, within one tree; absent for files with one name. */
  readonly linkGroup?: string;
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
  /** What `list` names, with what `lookup` says of each that is still there. */
  children?(path: RelPath): Iterable<TreeEntry>;
  /** The bytes that a file's digest was made of, if they are still in memory, which then forgets them. */
  take?(entry: TreeEntry): Uint8Array | undefined;
}
