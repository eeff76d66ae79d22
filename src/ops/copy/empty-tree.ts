import type { Tree, TreeEntry } from '../../image/toc/index.ts';
import { type RelPath, TOP } from '../../util/rel-path.ts';

const TOP_ENTRY: TreeEntry = {
  path: TOP,
  type: 'directory',
  mode: 0o755,
  uid: 0,
  gid: 0,
  size: 0,
  mtimeSec: 0,
  mtimeNsec: 0,
  link: '',
  devMajor: 0,
  devMinor: 0,
  xattrs: new Map(),
};

/** FROM scratch. */
export const EMPTY_TREE: Tree = {
  lookup: (path: RelPath) => (path === TOP ? TOP_ENTRY : undefined),
  list: () => [],
  digest(entry) {
    throw new Error(`an empty tree has no file ${entry.path}`);
  },
  read(entry) {
    throw new Error(`an empty tree has no file ${entry.path}`);
  },
};
