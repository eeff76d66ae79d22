import type { Digest } from '../../../cache/index.ts';
import type { TarEntry } from '../archive/index.ts';

/** One entry of a layer's table of contents. */
export interface TocEntry extends TarEntry {
  /** Where a file's content begins in the layer's tar. */
  readonly offset: number;
  /** Of a regular file's content; kept for layers made here, computed from the tar for others. */
  readonly digest?: Digest | undefined;
  /** Equal for all names of one inode; the path of the name that carries the content. */
  readonly linkGroup?: string | undefined;
  /** The path is removed from the layers below; type and attributes say nothing. */
  readonly whiteout?: true | undefined;
  /** A directory that hides what lower layers have in it. */
  readonly opaque?: true | undefined;
}

/** What a tar said, and where. Field by field: copying with `...` takes as long as writing the header. */
export function placedEntry(entry: TarEntry, place: Pick<TocEntry, 'offset' | 'digest' | 'linkGroup'>): TocEntry {
  return {
    path: entry.path,
    type: entry.type,
    mode: entry.mode,
    uid: entry.uid,
    gid: entry.gid,
    size: entry.size,
    mtimeSec: entry.mtimeSec,
    mtimeNsec: entry.mtimeNsec,
    link: entry.link,
    devMajor: entry.devMajor,
    devMinor: entry.devMinor,
    xattrs: entry.xattrs,
    offset: place.offset,
    digest: place.digest,
    linkGroup: place.linkGroup,
  };
}
