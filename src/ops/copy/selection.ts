import type { Digest } from '../../../cache/index.ts';
import type { Tree, TreeEntry } from '../../image/toc/index.ts';
import type { RelPath } from '../../util/rel-path.ts';
import type { UnpackedArchive } from './archive.ts';
import type { Items } from './items.ts';

/** What a COPY or ADD takes, in the order in which it is applied. */
export interface Selection {
  /**
   * The content of everything taken: paths within their source, types, modes, owners, contents, links, hard-link groups,
   * capabilities; no times, nor the attributes of a source directory itself, which no copy keeps.
   */
  readonly digest: Digest;
  /** path → `digest:mode`, to explain a miss; undefined when there are too many. Read from the trees when it is asked for first. */
  readonly files: { readonly [path: string]: string } | undefined;
  readonly sources: readonly SelectedSource[];
}

export type SelectedSource = SelectedFiles | SelectedArchive;

/** One source argument, or one match of a wildcard. */
export interface SelectedFiles {
  readonly kind: 'files';
  readonly tree: Tree;
  /** Last part of the path as it was written or matched, before symlinks were followed; latin1. */
  readonly name: string;
  readonly top: TreeEntry;
  /** Of a directory: what lies below it, parents first. Of anything else: itself, with path ''. */
  readonly items: Items;
}

/** ADD of an archive that is to be unpacked. */
export interface SelectedArchive {
  readonly kind: 'archive';
  readonly name: string;
  readonly path: RelPath;
  /** Of the archive's own bytes. */
  readonly digest: Digest;
  /** undefined when the selection was only asked for its digest. */
  readonly unpacked: UnpackedArchive | undefined;
}
