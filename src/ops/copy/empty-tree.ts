import { IMPLIED_DIRECTORY } from '../../image/archive/index.ts';
import type { Tree, TreeEntry } from '../../image/toc/index.ts';
import { type RelPath, TOP } from '../../util/rel-path.ts';

const TOP_ENTRY: TreeEntry = { ...IMPLIED_DIRECTORY, path: TOP };

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
