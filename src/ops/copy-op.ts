import { type Digest, digestOf, type Json, type KeyMaterial, type LayerRef } from '../../cache/index.ts';
import { BuildError } from '../errors.ts';
import type { CopyOp, Vertex } from '../graph/index.ts';
import { openLayerWriter } from '../image/layer/index.ts';
import type { Tree } from '../image/toc/index.ts';
import type { Made, OpRunner, Result, StepContext } from '../solver/index.ts';
import { stackOf } from '../solver/index.ts';
import { planCopy, type Selection, selectSources, writeCopy } from './copy/index.ts';
import type { OpDeps, OpenStack } from './deps.ts';
import { contentIDs, ownLayer, stackDigest } from './stack-key.ts';

/**
 * COPY and ADD: a layer written straight from its sources. Looked up twice: by what lies below, then, if that misses, by
 * the facts of the destination that the result depends on, which relinks it onto another base.
 */
export function copyOp(deps: OpDeps): OpRunner<CopyOp> {
  return {
    async prepare(vertex, inputs, step) {
      const copy: CopyStep = { vertex, inputs, below: belowOf(vertex.op, inputs), step, deps };
      const selection = await selectionOf(copy);
      return {
        kind: 'step',
        keys: [
          { hit: 'same', material: () => Promise.resolve(exactMaterial(copy, selection.digest)) },
          { hit: 'relinked', material: () => factsIfHere(copy, selection) },
        ],
        explanation: {
          buildArgs: vertex.origin.buildArgs,
          ...(selection.files === undefined ? {} : { files: selection.files }),
        },
        takesSlot: false,
        run: () => runCopy(copy),
      };
    },
  };
}

interface CopyStep {
  readonly vertex: Vertex<CopyOp>;
  readonly inputs: readonly Result[];
  /** What the result may depend on: nothing for --link. */
  readonly below: readonly LayerRef[];
  readonly step: StepContext;
  readonly deps: OpDeps;
}

interface Selected {
  readonly digest: Digest;
  readonly files?: { readonly [path: string]: string } | undefined;
}

function belowOf(op: CopyOp, inputs: readonly Result[]): readonly LayerRef[] {
  const layers = stackOf(inputs[0]);
  return op.link && op.chmod === undefined ? [] : layers;
}

/** The digest of what is copied. Of stages it is remembered by their layers, so that a cached build opens no toc. */
async function selectionOf(copy: CopyStep): Promise<Selected> {
  const memoKey = stageMemoKey(copy);
  if (memoKey !== undefined) {
    const known = copy.deps.memo.get('selection', memoKey);
    if (known !== undefined) return JSON.parse(known) as Selected;
  }
  return withSources(copy, async (sources) => {
    const { digest, files } = await select(copy, sources);
    if (memoKey !== undefined) copy.deps.memo.put('selection', memoKey, JSON.stringify({ digest, files }));
    return { digest, files };
  });
}

/** Only when every source is a stack or a heredoc: files of a context can change at any time. */
function stageMemoKey({ vertex: { op }, inputs }: CopyStep): string | undefined {
  const stacks: string[] = [];
  for (const { input } of sourceInputs(op, inputs)) {
    if (input.kind !== 'stack') return undefined;
    stacks.push(stackDigest(input.layers));
  }
  return digestOf(JSON.stringify([stacks, op.sources, op.excludes, op.parents, op.unpack]));
}

function select(copy: CopyStep, sources: ReadonlyMap<number, Tree>): Promise<Selection> {
  const { signal } = copy.step;
  return selectSources(copy.vertex.op, sources, { signal, filter: copy.deps.filter });
}

/** The inputs that sources name. The stack below may be one of them: COPY --from the stage's own base. */
function sourceInputs(op: CopyOp, inputs: readonly Result[]): { index: number; input: Result }[] {
  const named = new Set(op.sources.flatMap((source) => (source.kind === 'path' ? [source.input] : [])));
  return [...named].flatMap((index) => {
    const input = inputs[index];
    return input === undefined ? [] : [{ index, input }];
  });
}

/** Opens every source for the length of `use`. */
async function withSources<T>(
  { vertex, inputs, deps, step }: CopyStep,
  use: (sources: ReadonlyMap<number, Tree>) => Promise<T>,
): Promise<T> {
  const opened: OpenStack[] = [];
  try {
    const sources = new Map<number, Tree>();
    for (const { index, input } of sourceInputs(vertex.op, inputs)) {
      if (input.kind === 'tree') {
        sources.set(index, input.tree);
      } else {
        const stack = await deps.openStack(input.layers, { signal: step.signal });
        opened.push(stack);
        sources.set(index, stack);
      }
    }
    return await use(sources);
  } finally {
    for (const stack of opened) stack.close();
  }
}

function exactMaterial({ vertex, below }: CopyStep, content: Digest): KeyMaterial {
  return { op: 'copy', version: 1, fields: copyFields(vertex.op), inputs: contentIDs(below), content };
}

function factsMaterial({ vertex }: CopyStep, content: Digest, facts: Json): KeyMaterial {
  return { op: 'copy-facts', version: 1, fields: { ...copyFields(vertex.op), facts }, inputs: [], content };
}

/** The result of a COPY from its flags; sources are told by their content. */
function copyFields(op: CopyOp): KeyMaterial['fields'] {
  return {
    instruction: op.instruction,
    dest: op.dest,
    chown: op.chown ?? null,
    chmod: op.chmod ?? null,
    link: op.link,
    parents: op.parents,
    excludes: op.excludes,
    unpack: op.unpack,
    // dates the parents and heredocs that the copy makes: bytes of the layer
    epoch: op.epoch ?? null,
  };
}

async function factsIfHere(copy: CopyStep, selected: Selected): Promise<KeyMaterial | undefined> {
  if (copy.below.length === 0) return undefined;
  const base = copy.deps.openStackIfHere(copy.below);
  if (base === undefined) return undefined;
  try {
    return await withSources(copy, async (sources) => {
      const plan = planCopy(copy.vertex.op, await select(copy, sources), base);
      return factsMaterial(copy, selected.digest, plan.facts);
    });
  } catch (error) {
    // A conflict with the destination is the step's own to report, when it runs.
    if (error instanceof BuildError) return undefined;
    throw error;
  } finally {
    base.close();
  }
}

async function runCopy(copy: CopyStep): Promise<Made> {
  const { deps, step } = copy;
  return withSources(copy, async (sources) => {
    const base = await deps.openStack(copy.below, { signal: step.signal });
    try {
      const selection = await select(copy, sources);
      const plan = planCopy(copy.vertex.op, selection, base);
      const made = deps.publishLayer((files) => {
        const writer = openLayerWriter(files);
        const written = writeCopy(plan, writer);
        return { ...writer.finish(), value: written };
      });
      if (made.value !== selection.digest)
        step.warn('files changed while they were copied; this step will not be found in the cache');
      const materials = [exactMaterial(copy, made.value), factsMaterial(copy, made.value, plan.facts)];
      return {
        layer: ownLayer(made),
        size: made.size,
        materials: copy.below.length === 0 ? materials.slice(0, 1) : materials,
      };
    } finally {
      base.close();
    }
  });
}
