import type { ContentID, KeyMaterial, LayerRef } from '../../cache/index.ts';
import type { MkdirOp, Vertex } from '../graph/index.ts';
import type { Made, OpRunner, StepContext } from '../solver/index.ts';
import { stackOf } from '../solver/index.ts';
import { assertOwnerOnScratch, planMkdir, writeMkdir } from './copy/index.ts';
import type { OpDeps } from './deps.ts';
import { contentIDs, ownLayer } from './stack-key.ts';
import { writeLayer } from './write-layer.ts';

/** WORKDIR: a layer with the directory and the parents it lacked; an empty layer where it is there already. */
export function mkdirOp(deps: OpDeps): OpRunner<MkdirOp> {
  return {
    async prepare(vertex, inputs, step) {
      assertOwnerOnScratch(vertex.inputs[0], vertex.op.user, 'USER ');
      const below = stackOf(inputs[0]);
      const material = mkdirMaterial(vertex.op, contentIDs(below));
      return {
        kind: 'step',
        keys: [{ hit: 'same', material: () => Promise.resolve(material) }],
        explanation: { buildArgs: vertex.origin.buildArgs },
        takesSlot: false,
        run: async () => ({ ...(await makeDirectory({ vertex, below, step }, deps)), materials: [material] }),
      };
    },
  };
}

/** docs/cache.md says of each field why it is in. */
export function mkdirMaterial({ path, user, epoch }: MkdirOp, inputs: readonly ContentID[]): KeyMaterial {
  return { op: 'mkdir', version: 3, fields: { path, user, epoch: epoch ?? null }, inputs };
}

interface MkdirStep {
  readonly vertex: Vertex<MkdirOp>;
  readonly below: readonly LayerRef[];
  readonly step: StepContext;
}

async function makeDirectory({ vertex, below, step }: MkdirStep, deps: OpDeps): Promise<Omit<Made, 'materials'>> {
  const base = await deps.openStack(below, { signal: step.signal });
  try {
    const plan = planMkdir(vertex.op, base);
    const made = await deps.publishLayer((files) => writeLayer(files, (writer) => writeMkdir(plan, writer)));
    return { layer: ownLayer(made), size: made.size };
  } finally {
    base.close();
  }
}
