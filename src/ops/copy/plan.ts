import type { Json } from '../../../cache/index.ts';
import type { CopyOp } from '../../graph/index.ts';
import type { Tree } from '../../image/toc/index.ts';
import { nowMs } from '../../util/clock.ts';
import { latin1Of } from '../../util/rel-path.ts';
import { applyArchive } from './apply-archive.ts';
import { applyFiles } from './apply-files.ts';
import { parseChmod } from './chmod.ts';
import type { Attributes } from './directories.ts';
import { LayerDraft } from './draft.ts';
import { EMPTY_TREE } from './empty-tree.ts';
import { assertNumericOwner, resolveOwner } from './owner.ts';
import type { Selection } from './selection.ts';

/** A layer that is decided but not written. */
export interface CopyPlan {
  readonly draft: LayerDraft;
  readonly selection: Selection;
  /** All that the layer depends on of the destination: where paths led, what was there, whose it becomes. */
  readonly facts: Json;
  /** Entries of the layer. */
  readonly count: number;
}

/**
 * Applies the selection to the base, on paper: where each file goes, which directories appear and whose they are. --link
 * copies onto nothing, unless --chmod is given too, as BuildKit has it.
 * @throws BuildError copy-conflict, copy-invalid, flag-invalid
 */
export function planCopy(op: CopyOp, selection: Selection, base: Tree): CopyPlan {
  const isLinked = op.link && op.chmod === undefined;
  if (isLinked && op.chown !== undefined) {
    assertNumericOwner(op.chown, {
      setting: `--chown=${op.chown}`,
      why: '--link copies into an empty file system',
      hint: 'give numeric ids, as in --chown=1000:1000, or leave --link out',
    });
  }
  const below = isLinked ? EMPTY_TREE : base;
  const draft = new LayerDraft(below);
  const how: Attributes = {
    owner: op.chown === undefined ? undefined : resolveOwner(op.chown, below),
    chmod: op.chmod === undefined ? undefined : parseChmod(op.chmod),
    nowSec: op.epoch ?? Math.floor(nowMs() / 1000),
  };
  const dest = latin1Of(op.dest);
  const placed: Json[] = [];
  for (const source of selection.sources) {
    placed.push(
      source.kind === 'files' ? applyFiles(draft, source, { dest, how }) : applyArchive(draft, source, { dest, how }),
    );
  }
  const owner = how.owner === undefined ? null : [how.owner.uid, how.owner.gid];
  return { draft, selection, facts: { owner, placed, kept: draft.facts() }, count: draft.size };
}
