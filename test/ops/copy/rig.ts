import type { Memo } from '../../../cache/index.ts';
import type { CopyOp, CopySource } from '../../../src/graph/index.ts';
import type { Tree } from '../../../src/image/toc/index.ts';
import { type CopyPlan, planCopy, type Selection, selectSources, writeCopy } from '../../../src/ops/copy/index.ts';
import { MemoryLayer, memoryTree } from './memory-tree.ts';

export const SCRATCH = memoryTree({});

/** `COPY a b dest` as an op; sources come from input 1. */
export function copyOp(sources: readonly (string | CopySource)[], dest: string, more: Partial<CopyOp> = {}): CopyOp {
  return {
    kind: 'copy',
    instruction: 'COPY',
    sources: sources.map((source) => (typeof source === 'string' ? { kind: 'path', input: 1, path: source } : source)),
    dest,
    link: false,
    parents: false,
    excludes: [],
    unpack: false,
    epoch: 1_500_000_000,
    ...more,
  };
}

export function select(op: CopyOp, tree: Tree, memo?: Memo): Promise<Selection> {
  return selectSources(op, new Map([[1, tree]]), {
    signal: new AbortController().signal,
    filter: () => {
      throw new Error('nothing to decompress');
    },
    ...(memo === undefined ? {} : { memo }),
  });
}

export interface Copied {
  readonly selection: Selection;
  readonly plan: CopyPlan;
  readonly layer: MemoryLayer;
}

export async function copy(op: CopyOp, tree: Tree, base: Tree = SCRATCH): Promise<Copied> {
  const selection = await select(op, tree);
  const plan = planCopy(op, selection, base);
  const layer = new MemoryLayer();
  const digest = writeCopy(plan, layer.asWriter());
  if (digest !== selection.digest) throw new Error('what was written is not what was selected');
  return { selection, plan, layer };
}
