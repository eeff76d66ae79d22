import type { Digest, KeyMaterial, LayerRef } from '../../cache/index.ts';
import { BuildError } from '../errors.ts';
import type { CopyOp, Vertex } from '../graph/index.ts';
import type { TarTap } from '../image/layer/index.ts';
import type { Tree } from '../image/toc/index.ts';
import type { Made, OpRunner, Result, StepContext } from '../solver/index.ts';
import { stackOf } from '../solver/index.ts';
import { makeTurnstile } from '../util/turnstile.ts';
import { assertOwnerOnScratch, type CopyPlan, planCopy, type Selection, writingCopy } from './copy/index.ts';
import { copyFactsMaterial, copyMaterial } from './copy-key.ts';
import { type CopySources, copySources, type Selected } from './copy-sources.ts';
import type { OpDeps } from './deps.ts';
import { contentIDs, ownLayer } from './stack-key.ts';
import { writeLayer } from './write-layer.ts';

/**
 * COPY and ADD: a layer written straight from its sources. Looked up twice: by what lies below, then, if that misses, by
 * the facts of the destination that the result depends on, which relinks it onto another base.
 */
export function copyOp(deps: OpDeps): OpRunner<CopyOp> {
  // Files of a context are listed and read on one thread: several at a time take as long, and the memory of all of them. So are layers.
  const inTurn = makeTurnstile(1);
  const writingInTurn = makeTurnstile(1);
  return {
    async prepare(vertex, inputs, step) {
      assertOwnerOnScratch(vertex.inputs[0], vertex.op.chown ?? '', '--chown=');
      const sources = copySources({ op: vertex.op, inputs, step, deps });
      const copy: CopyStep = { vertex, below: belowOf(vertex.op, inputs), sources, step, deps, inTurn: writingInTurn };
      const select = () => step.timed('select', () => sources.selected());
      const selected = await (inputs.some(({ kind }) => kind === 'tree') ? inTurn(select) : select());
      return {
        kind: 'step',
        keys: [
          { hit: 'same', material: () => Promise.resolve(exactMaterial(copy, selected.digest)) },
          { hit: 'relinked', material: () => factsIfHere(copy, selected) },
        ],
        explanation: {
          buildArgs: vertex.origin.buildArgs,
          get files() {
            return selected.files();
          },
        },
        takesSlot: false,
        run: () => runCopy(copy),
      };
    },
  };
}

interface CopyStep {
  readonly vertex: Vertex<CopyOp>;
  /** What the result may depend on: nothing for --link. */
  readonly below: readonly LayerRef[];
  readonly sources: CopySources;
  readonly step: StepContext;
  readonly deps: OpDeps;
  readonly inTurn: <T>(work: () => Promise<T>) => Promise<T>;
  /** What was planned to ask for the facts, until it is written. */
  planned?: CopyPlan | undefined;
}

function belowOf(op: CopyOp, inputs: readonly Result[]): readonly LayerRef[] {
  const layers = stackOf(inputs[0]);
  return op.link && op.chmod === undefined ? [] : layers;
}

function exactMaterial({ vertex, below }: CopyStep, content: Digest): KeyMaterial {
  return copyMaterial(vertex.op, { inputs: contentIDs(below), content });
}

/** undefined where nothing can be told without fetching. */
async function factsIfHere(copy: CopyStep, selected: Selected): Promise<KeyMaterial | undefined> {
  if (copy.below.length === 0) return undefined;
  const base = copy.deps.openStackIfHere(copy.below);
  if (base === undefined) return undefined;
  try {
    return await copy.sources.withSelectionIfHere((selection) => {
      copy.planned = planCopy(copy.vertex.op, selection, base);
      const { facts } = copy.planned;
      return Promise.resolve(copyFactsMaterial(copy.vertex.op, { content: selected.digest, facts }));
    });
  } catch (error) {
    // A conflict with the destination is the step's own to report, when it runs.
    if (error instanceof BuildError) return undefined;
    throw error;
  } finally {
    base.close();
  }
}

function runCopy(copy: CopyStep): Promise<Made> {
  return copy.sources.withSelection(async (selection) => {
    const { step, deps } = copy;
    const base = await step.timed('base', () => deps.openStack(copy.below, { signal: step.signal }));
    try {
      const plan = planOn(base, copy, selection);
      return await copy.inTurn(() => step.timed('write', () => writeCopied(copy, selection, plan)));
    } finally {
      base.close();
    }
  });
}

async function inStepWith<T>(tap: TarTap | undefined, writing: Generator<void, T>): Promise<T> {
  for (;;) {
    const { done, value } = writing.next();
    if (done === true) return value;
    const behind = tap?.behind();
    if (behind !== undefined) await behind;
  }
}

/** The plan that was made for the facts, if it is of this very selection. */
function planOn(base: Tree, copy: CopyStep, selection: Selection): CopyPlan {
  const { planned } = copy;
  copy.planned = undefined;
  if (planned?.selection !== selection) return planCopy(copy.vertex.op, selection, base);
  planned.draft.reopenOn(base);
  return planned;
}

/** Published under what was written, which is hashed again from the bytes. */
async function writeCopied(copy: CopyStep, selection: Selection, plan: CopyPlan): Promise<Made> {
  const made = await copy.deps.publishLayer(
    (files) => writeLayer(files, (writer) => inStepWith(files.tap, writingCopy(plan, writer))),
    copy.vertex,
  );
  if (made.value !== selection.digest)
    copy.step.warn('files changed while they were copied; this step will not be found in the cache');
  const materials = [
    exactMaterial(copy, made.value),
    copyFactsMaterial(copy.vertex.op, { content: made.value, facts: plan.facts }),
  ];
  return {
    layer: ownLayer(made),
    size: made.size,
    materials: copy.below.length === 0 ? materials.slice(0, 1) : materials,
  };
}
