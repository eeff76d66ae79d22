export type { Tree, TreeEntry } from './tree.ts';
