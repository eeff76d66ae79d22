import { FileStat, readFileChunks, statFile } from '../../host/fs/index.ts';
import { BARE, IMPLIED_DIRECTORY } from '../../image/archive/index.ts';
import type { Tree, TreeEntry } from '../../image/toc/index.ts';
import { latin1Of, type RelPath, relPath, TOP } from '../../util/rel-path.ts';
import type { FetchedUrl } from './fetch-url.ts';

/** A fetched file: its paths are no patterns, and ADD leaves it packed unless told otherwise. */
export interface HttpTree extends Tree {
  readonly isRemote: true;
}

/** A tree with one file at its top: 0600, owned by root. */
export function httpTree(file: FetchedUrl): HttpTree {
  const path = relPath(latin1Of(file.name));
  const { size, mtimeSec } = file;
  const entry: TreeEntry = { ...BARE, path, type: 'file', mode: 0o600, size, mtimeSec };
  const top: TreeEntry = { ...IMPLIED_DIRECTORY, path: TOP, mtimeSec };
  return {
    isRemote: true,
    lookup: (wanted: RelPath) => (wanted === path ? entry : wanted === TOP ? top : undefined),
    list: (wanted) => (wanted === TOP ? [path] : []),
    digest: () => file.digest,
    read(_entry, sink) {
      const host = Buffer.from(file.path);
      const stat = new FileStat();
      if (!statFile(host, stat) || stat.size !== file.size)
        throw new Error(`a fetched file is gone or changed: ${file.path}`);
      readFileChunks(host, stat, sink);
    },
  };
}
