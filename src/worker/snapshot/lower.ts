import type { DiffID } from '../../../cache/index.ts';
import type { StackTree, Toc } from '../../image/toc/index.ts';

/** A layer as a directory that overlayfs takes as a lower. */
export interface LowerDir {
  readonly path: string;
  /** To be called after it was used: what was read of it was right. @throws BuildError layer-damaged */
  readonly assertUnchanged?: () => void;
}

export interface LowerRequest {
  readonly diffID: DiffID;
  readonly toc: Toc;
  readonly tarPath: string;
  /** What the layers below show; asked only for layers that do not stand alone. Absent while those below are still brought. */
  readonly below?: (() => StackTree) | undefined;
}

/** One way to give a layer a directory. Undefined: this layer is not for it, or not yet; the next maker may take it. */
export interface LowerMaker {
  readonly name: string;
  make(request: LowerRequest, options: { readonly signal: AbortSignal }): Promise<LowerDir | undefined>;
}
