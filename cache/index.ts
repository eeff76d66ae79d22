export type { BuildReader, BuildStore } from './builds/store.ts';
export { canonicalJson } from './canonical-json.ts';
export { type CheckedRoot, checkRoot } from './check/check.ts';
export { ContentMismatch, type ContentStore } from './content/store.ts';
export * from './digest.ts';
export { Digests } from './digests.ts';
export { makeDirectories, publishBytes, type TempPath } from './files.ts';
export { type Holds, openHolds } from './holds.ts';
export type { LayerMeta } from './layers/meta.ts';
export { isKeptWhole, keepImage } from './layers/metadata-images.ts';
export { type LayerStore, openLayerStore } from './layers/store.ts';
export type { Lock, LockMode, Locks } from './locks.ts';
export type { Memo } from './memo.ts';
export { preferredRecord } from './records/preferred.ts';
export type { OtherSteps, RecordStore } from './records/store.ts';
export type { Tombstones } from './records/tombstones.ts';
export { removeTree } from './remove-tree.ts';
export { openRoot, type Root } from './root.ts';
export { RootError, type RootErrorReason } from './root-error.ts';
export { openRootReader, type RecordReader, type RootReader } from './root-reader.ts';
export {
  bytesOnDisk,
  type KeptImage,
  lastGrowth,
  type Pruned,
  type PruneRequest,
  pruneRoot,
  type Share,
  type SpaceItem,
  type SpaceUsage,
  spaceUsage,
} from './space/index.ts';
export { openStatIndex, type StatIndex } from './stat/index.ts';
export { type FileState, KEY_AT, KEY_WORDS, type StatKey, statKey } from './stat/key.ts';
export { NO_ENTRY } from './stat/table.ts';
export type * from './types.ts';
