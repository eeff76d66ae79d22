import type { DiffID } from '../../../cache/index.ts';
import type { WrittenLayerFiles } from '../../image/layer/index.ts';
import type { StackTree } from '../../image/toc/index.ts';
import { displayPath, type RelPath } from '../../util/rel-path.ts';
import type { MountPoint } from './stubs.ts';
import type { LayerWatch } from './write-layer.ts';

export interface StackOptions {
  /** Must exist in the mounted stack; what is missing is there without a trace. */
  readonly points: readonly MountPoint[];
  /** Device nodes in it can be opened, where the kernel and the device cgroup let them be. */
  readonly opensDevices?: boolean | undefined;
  readonly signal: AbortSignal;
}

/** A mounted stack. */
export interface View extends AsyncDisposable {
  /** Host path of its top. */
  readonly rootfs: string;
  readonly tree: StackTree;
  /** Of each mount point, where it lies below the top: no symlink is on the way. */
  readonly targets: readonly string[];
}

export interface CommitOptions {
  readonly signal: AbortSignal;
  readonly watch?: LayerWatch | undefined;
}

export interface KeepOptions extends CommitOptions {
  /** Not there yet; on the root's file system. */
  readonly to: string;
  readonly maxBytes: number;
  readonly maxEntries: number;
}

export interface Keeping {
  /** Of the files' contents. */
  readonly sizeBytes: number;
  readonly opaqueXattr: string;
}

/** A stack that takes what is written. Dropped when it is disposed without a commit. */
export interface Snapshot extends View {
  /** Host path of what was written so far and nothing else, where there is such a directory. */
  readonly upper?: string | undefined;
  /** Takes it down, and publishes what was changed as a layer. */
  commit(options: CommitOptions): Promise<WrittenLayerFiles>;
  /**
   * Takes it down, and moves the directory with what was changed.
   * @returns why it does not; then it is as it would have been without
   */
  keep(options: KeepOptions): Promise<Keeping | string>;
}

/** Disposing waits until what is not needed any more is removed. */
export interface Snapshots extends AsyncDisposable {
  /** Names of the makers of lowers that are used here, best first. */
  readonly lowers: readonly string[];
  /** Why it is not a better one. */
  readonly notes: readonly string[];
  /** What the stack shows, without mounting it; to be closed. */
  tree(stack: readonly DiffID[]): StackTree;
  prepare(stack: readonly DiffID[], options: StackOptions): Promise<Snapshot>;
  /** Does of a layer alone what `prepare` will need, where there is something to do and nothing of other layers is asked for. */
  makeAhead(diffID: DiffID, options: { readonly signal: AbortSignal }): Promise<void>;
  /** Read-only. */
  view(stack: readonly DiffID[], options: StackOptions): Promise<View>;
}

/** Where mount points lie, as absolute text. */
export function targetTexts(targets: readonly RelPath[]): string[] {
  return targets.map((path) => `/${displayPath(path)}`);
}
