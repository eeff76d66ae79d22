import type { ContextOp, ImageOp, ScratchOp } from '../graph/index.ts';
import type { OpRunner } from '../solver/index.ts';
import type { OpDeps } from './deps.ts';

/** FROM image: the frontend has resolved it; its layers stay where they are until a step needs their bytes. */
export const imageOp: OpRunner<ImageOp> = {
  prepare({ op }) {
    return Promise.resolve({
      kind: 'given',
      result: { kind: 'stack', layers: op.layers },
      material: {
        op: 'image',
        version: 1,
        fields: { name: op.name, manifest: op.manifest, platform: platformText(op) },
        inputs: [],
      },
    });
  },
};

export const scratchOp: OpRunner<ScratchOp> = {
  prepare: () => Promise.resolve({ kind: 'given', result: { kind: 'stack', layers: [] } }),
};

export function contextOp(deps: Pick<OpDeps, 'context'>): OpRunner<ContextOp> {
  return {
    prepare: async ({ op }) => ({ kind: 'given', result: { kind: 'tree', tree: await deps.context(op.name) } }),
  };
}

function platformText({ platform }: ImageOp): string {
  return [platform.os, platform.architecture, platform.variant].filter(Boolean).join('/');
}
