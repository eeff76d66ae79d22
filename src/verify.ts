import type { LayerRef } from '../cache/index.ts';
import { type BuildDeps, type SolvedBuild, solveBuild } from './build.ts';
import type { BuildOptions } from './build-options.ts';
import { BuildError } from './errors.ts';
import { redatingOf } from './exporter/index.ts';
import type { Vertex } from './graph/index.ts';
import { compareLayers, type FileDifference, type Redating } from './image/layer/index.ts';
import { openToc } from './image/toc/index.ts';
import { outputsOf } from './session/outputs.ts';
import type { Session } from './session/session.ts';
import { stackOf } from './solver/index.ts';

export interface VerifyResult {
  readonly result: 'same' | 'different';
  /** In the order of the Dockerfile. */
  readonly steps: readonly VerifiedStep[];
}

export interface VerifiedStep {
  /** `[build 4/6] RUN npm ci` */
  readonly name: string;
  readonly stage: string;
  readonly kind: string;
  readonly file: string;
  readonly line: number;
  readonly status: 'same' | 'different';
  /** Names of the first steps that differ, of those that it stands on: its own difference may be theirs. */
  readonly after: readonly string[];
  /** The first ones; `changeCount` counts all. */
  readonly changes: readonly FileDifference[];
  readonly changeCount: number;
}

export interface VerifyDeps {
  readonly signal: AbortSignal;
  /** Asked before each of the two builds where its events go. */
  readonly emit: (build: 'cached' | 'again') => Promise<BuildDeps['emit']>;
}

/**
 * Builds, from the cache where it can, then again without looking at it, and compares the layers of each step. The second build reads
 * every file again and keeps no record, output or name. Cache mounts are as the first build has left them. Times count as the
 * outputs have them.
 * @throws BuildError of either build; usage for a context from stdin, which cannot be read twice
 */
export async function verify(options: BuildOptions, { signal, emit }: VerifyDeps): Promise<VerifyResult> {
  if (options.context === '-' || options.file === '-')
    throw new BuildError('usage', 'what comes from stdin cannot be built twice', { hint: 'give a directory or a URL' });
  const cached = { signal, emit: await emit('cached') };
  const first = await solveBuild(options, cached, (solved) => ownLayers(solved, cached));
  // the base images are those that the first build has found
  const alone = {
    noCache: true,
    noCacheFilter: [],
    failOnMiss: undefined,
    isParanoid: true,
    keepsNoRecord: true,
    pull: 'never',
  } as const;
  const again = { signal, emit: await emit('again') };
  return solveBuild({ ...options, ...alone }, again, async (solved) => {
    const second = await ownLayers(solved, again);
    const [output] = outputsOf(options);
    const redating = redatingOf(output?.fileTimes, solved.definition.targets[0]?.epoch);
    return compareBuilds(solved, { first, second, redating });
  });
}

/** Layers that each vertex has made itself, their tocs in the root. */
type OwnLayers = readonly (readonly LayerRef[])[];

async function ownLayers(
  { definition, solution, session }: SolvedBuild,
  { signal, emit }: BuildDeps,
): Promise<OwnLayers> {
  const own = definition.vertices.map((vertex) => {
    const { result } = solution.of(vertex);
    if (result.kind !== 'stack' || vertex.op.kind === 'image') return [];
    const [below] = vertex.inputs;
    return result.layers.slice(below === undefined ? 0 : stackOf(solution.of(below).result).length);
  });
  await Promise.all(own.flat().map((ref) => session.exportDeps.ensureLayer(ref, { signal })));
  emit({ type: 'build-done', atMs: session.clock.elapsedMs(), result: 'built' });
  return own;
}

interface TwoBuilds {
  readonly first: OwnLayers;
  readonly second: OwnLayers;
  readonly redating: Redating | undefined;
}

function compareBuilds({ definition, session }: SolvedBuild, { first, second, redating }: TwoBuilds): VerifyResult {
  const { vertices } = definition;
  if (first.length !== second.length) throw new Error('two builds of one Dockerfile have other steps');
  /** Vertices that differ, or stand on ones that do → the names of the first of those. */
  const touched = new Map<Vertex, readonly string[]>();
  const steps = vertices.map((vertex, index) => {
    const after = [...new Set(vertex.inputs.flatMap((input) => touched.get(input) ?? []))];
    const pair = { before: first[index] ?? [], after: second[index] ?? [] };
    const found = differences(pair, { session, redating });
    const step = { vertex, after, ...found };
    if (after.length > 0) touched.set(vertex, after);
    else if (found.changeCount > 0) touched.set(vertex, [vertex.origin.name]);
    return step;
  });
  const isSame = steps.every(({ changeCount }) => changeCount === 0);
  const shown = steps.filter(({ vertex, changeCount }) => vertex.origin.isStep || changeCount > 0);
  return {
    result: isSame ? 'same' : 'different',
    steps: shown.map(({ vertex, ...step }) => ({ ...placeOf(vertex, session), status: statusOf(step), ...step })),
  };
}

function statusOf({ changeCount }: Pick<VerifiedStep, 'changeCount'>): VerifiedStep['status'] {
  return changeCount === 0 ? 'same' : 'different';
}

function placeOf({ origin }: Vertex, { dockerfile }: Session) {
  const { name, stage, kind, range } = origin;
  return { name, stage, kind, file: range?.file ?? dockerfile.file, line: range?.startLine ?? 0 };
}

const MOST_CHANGES = 1000;

function differences(
  { before, after }: { readonly before: readonly LayerRef[]; readonly after: readonly LayerRef[] },
  { session, redating }: { readonly session: Session; readonly redating: Redating | undefined },
): Pick<VerifiedStep, 'changes' | 'changeCount'> {
  const { layers } = session.root;
  const changes: FileDifference[] = [];
  let changeCount = 0;
  for (const [index, ref] of before.entries()) {
    const other = after[index];
    if (other === undefined || ref.diffID === other.diffID) continue;
    const tocs = [openToc(layers.tocPath(ref.diffID)), openToc(layers.tocPath(other.diffID))] as const;
    for (const difference of compareLayers(...tocs, redating)) {
      changeCount += 1;
      if (changes.length < MOST_CHANGES) changes.push(difference);
    }
  }
  return { changes, changeCount };
}
