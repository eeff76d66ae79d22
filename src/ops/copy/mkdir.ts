import type { MkdirOp } from '../../graph/index.ts';
import type { LayerWriter } from '../../image/layer/index.ts';
import type { Tree } from '../../image/toc/index.ts';
import { nowMs } from '../../util/clock.ts';
import { latin1Of } from '../../util/rel-path.ts';
import { makeDirectories } from './directories.ts';
import { LayerDraft } from './draft.ts';
import { resolveOwner } from './owner.ts';
import { resolveIn } from './resolve.ts';
import { writeDraft } from './write.ts';

export interface MkdirPlan {
  readonly draft: LayerDraft;
}

/**
 * WORKDIR: the directory and what parents it lacks, 0755, owned by USER; names that are not in the base's files are 0. Links on
 * the way are followed. An existing directory stays as it is: the layer is empty.
 * @throws BuildError copy-conflict when something else is there
 */
export function planMkdir(op: MkdirOp, base: Tree): MkdirPlan {
  const draft = new LayerDraft(base);
  makeDirectories(draft, resolveIn(draft, latin1Of(op.path)), {
    mode: 0o755,
    owner: op.user === '' ? undefined : resolveOwner(op.user, base),
    nowSec: op.epoch ?? Math.floor(nowMs() / 1000),
    handsOnBit: true,
  });
  return { draft };
}

export function writeMkdir({ draft }: MkdirPlan, writer: LayerWriter): void {
  writeDraft(draft, writer);
}
