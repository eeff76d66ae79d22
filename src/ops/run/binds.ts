import { type Digest, digestOf, parseDigest } from '../../../cache/index.ts';
import type { RunMount, RunOp } from '../../graph/index.ts';
import type { Tree } from '../../image/toc/index.ts';
import type { Result } from '../../solver/index.ts';
import type { WireStack, WorkerMount } from '../../worker/protocol.ts';
import { bindContent, planBind, writeCopy } from '../copy/index.ts';
import type { OpDeps } from '../deps.ts';
import { contentIDs, stackDigest } from '../stack-key.ts';
import { writeLayer } from '../write-layer.ts';

type Bind = Extract<RunOp['mounts'][number], { type: 'bind' }>;

/** A path of an input. */
export interface Part {
  readonly input: number;
  readonly source: string;
  readonly target: string;
}

export interface PartContext {
  readonly deps: OpDeps;
  readonly signal: AbortSignal;
}

/** What mounts show of inputs, as keys see it and as misses tell it. */
export interface MountContent {
  readonly digest: Digest;
  /** Read when it is asked for: hits have no use for it. */
  readonly files?: { readonly [path: string]: string } | undefined;
}

/**
 * The content of everything that bind mounts show and that caches start as, in the order of the mounts; undefined when there is
 * none.
 */
export async function mountContent(
  op: RunOp,
  inputs: readonly Result[],
  context: PartContext,
): Promise<MountContent | undefined> {
  const shown: MountContent[] = [];
  for (const part of op.mounts.flatMap(partsOf)) shown.push(await contentOf(part, inputs, context));
  if (shown.length === 0) return undefined;
  return {
    digest: digestOf(shown.map((one) => one.digest).join(' ')),
    get files() {
      const told = shown.flatMap(({ files }) => (files === undefined ? [] : [files]));
      return told.length === 0 ? undefined : (Object.assign({}, ...told) as MountContent['files']);
    },
  };
}

function partsOf(mount: RunMount): readonly Part[] {
  if (mount.type === 'bind') return [mount];
  if (mount.type !== 'cache' || mount.seed?.source === undefined) return [];
  return [{ input: mount.seed.input, source: mount.seed.source, target: mount.target }];
}

async function contentOf(mount: Part, inputs: readonly Result[], { deps, signal }: PartContext): Promise<MountContent> {
  const input = inputOf(mount, inputs);
  if (input.kind === 'tree') return bindContent(input.tree, mount.source, { signal, memo: deps.memo });
  const stack = stackDigest(input.layers);
  if (mount.source === '/' || mount.source === '') return { digest: parseDigest(stack) };
  const memoKey = digestOf(`${stack} ${mount.source}`);
  const known = deps.memo.get('bind', memoKey);
  if (known !== undefined) return { digest: parseDigest(known) };
  const tree = await deps.openStack(input.layers, { signal });
  try {
    const { digest } = bindContent(tree, mount.source, { signal });
    deps.memo.put('bind', memoKey, digest);
    return { digest };
  } finally {
    tree.close();
  }
}

/** A bind as the worker mounts it. */
export async function bindMount(mount: Bind, inputs: readonly Result[], context: PartContext): Promise<WorkerMount> {
  const { target, readOnly } = mount;
  return { type: 'stack', ...(await stackPart(mount, inputs, context)), target, readOnly };
}

/**
 * A path of an input as layers that the worker has. A path of a context becomes a layer first, written as COPY would (0:0, after the
 * ignore file): the host's directory itself is never visible to a RUN.
 */
export async function stackPart(
  part: Part,
  inputs: readonly Result[],
  { deps, signal }: PartContext,
): Promise<{ readonly stack: WireStack; readonly source: string }> {
  const input = inputOf(part, inputs);
  if (input.kind === 'tree') {
    const { diffID, source } = await layerOf(input.tree, part.source, { deps, signal });
    return { stack: [diffID], source };
  }
  await deps.ensureLayers(input.layers, { signal });
  return { stack: input.layers.map((layer) => layer.diffID), source: part.source };
}

/** What a cache is told apart by that starts as something of an input: its layers, or the files of a context. */
export async function identityOf(part: Part, inputs: readonly Result[], context: PartContext): Promise<string> {
  const input = inputOf(part, inputs);
  if (input.kind === 'tree') return (await contentOf(part, inputs, context)).digest;
  return contentIDs(input.layers).join(' ');
}

function inputOf({ input, target }: Part, inputs: readonly Result[]): Result {
  const found = inputs[input];
  if (found === undefined) throw new Error(`the mount at ${target} names input ${input}, which is not there`);
  return found;
}

async function layerOf(tree: Tree, source: string, { deps, signal }: PartContext) {
  const plan = planBind(tree, source, { signal });
  const { diffID } = await deps.publishLayer((files) => writeLayer(files, (writer) => writeCopy(plan.plan, writer)));
  return { diffID, source: plan.mountSource };
}
