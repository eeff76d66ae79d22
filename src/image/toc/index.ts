export type { TocEntry } from './entry.ts';
export { contentIDIn, encodeToc, TocCorrupt } from './format.ts';
export { type Resolved, resolvePath, TooManyLinks } from './resolve.ts';
export { type StackLayer, type StackTree, stackTree } from './stack-tree.ts';
export { openToc, type Toc } from './toc.ts';
export type { Tree, TreeEntry } from './tree.ts';
