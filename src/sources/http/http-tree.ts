import { readFileChunks, statFile } from '../../host/fs/index.ts';
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
  const plain = {
    uid: 0,
    gid: 0,
    mtimeNsec: 0,
    link: '',
    devMajor: 0,
    devMinor: 0,
    xattrs: new Map<string, Uint8Array>(),
  };
  const entry: TreeEntry = { ...plain, path, type: 'file', mode: 0o600, size: file.size, mtimeSec: file.mtimeSec };
  const top: TreeEntry = { ...plain, path: TOP, type: 'directory', mode: 0o755, size: 0, mtimeSec: file.mtimeSec };
  return {
    isRemote: true,
    lookup: (wanted: RelPath) => (wanted === path ? entry : wanted === TOP ? top : undefined),
    list: (wanted) => (wanted === TOP ? [path] : []),
    digest: () => file.digest,
    read(_entry, sink) {
      const host = Buffer.from(file.path);
      const stat = statFile(host);
      if (stat === undefined || Number(stat.size) !== file.size)
        throw new Error(`a fetched file is gone or changed: ${file.path}`);
      readFileChunks(host, stat, sink);
    },
  };
}
