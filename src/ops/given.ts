import type { KeyMaterial } from '../../cache/index.ts';
import type { ContextOp, ImageOp, ScratchOp } from '../graph/index.ts';
import { formatPlatform } from '../image/oci/index.ts';
import type { OpRunner } from '../solver/index.ts';
import type { OpDeps } from './deps.ts';

/** FROM image: the frontend has resolved it; its layers stay where they are until a step needs their bytes. */
export const imageOp: OpRunner<ImageOp> = {
  prepare({ op }) {
    return Promise.resolve({
      kind: 'given',
      result: { kind: 'stack', layers: op.layers },
      material: imageMaterial(op),
    });
  },
};

/** A FROM is a hit when its image was known before: used by an earlier build, or made by one. */
export function imageMaterial({
  name,
  manifest,
  platform,
}: Pick<ImageOp, 'name' | 'manifest' | 'platform'>): KeyMaterial {
  return { op: 'image', version: 1, fields: { name, manifest, platform: formatPlatform(platform) }, inputs: [] };
}

export const scratchOp: OpRunner<ScratchOp> = {
  prepare: () => Promise.resolve({ kind: 'given', result: { kind: 'stack', layers: [] } }),
};

export function contextOp(deps: Pick<OpDeps, 'context'>): OpRunner<ContextOp> {
  return {
    prepare: async ({ op }) => ({ kind: 'given', result: { kind: 'tree', tree: await deps.context(op.name) } }),
  };
}
