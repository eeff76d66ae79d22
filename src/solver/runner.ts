import type { DiffID, Explanation, KeyMaterial, LayerRef } from '../../cache/index.ts';
import type { Op, OpKind, Vertex } from '../graph/index.ts';
import type { Tree } from '../image/toc/index.ts';
import type { HitCode, PhaseName, Usage } from '../progress/index.ts';

/** What a vertex gives to those that stand on it. */
export type Result = StackResult | TreeResult;

/** A stack of layers, bottom to top: a root filesystem by name. */
export interface StackResult {
  readonly kind: 'stack';
  readonly layers: readonly LayerRef[];
}

/** Files that are no layers: a context, a fetched file. */
export interface TreeResult {
  readonly kind: 'tree';
  readonly tree: Tree;
}

/** How one kind of op is looked up and run. A new op kind does not compile until it has one. */
export interface OpRunner<O extends Op> {
  /**
   * Looks at the op and the results it stands on, as cheaply as it can, and says how to look its own result up.
   * Called once a vertex, after all its inputs; may read files to make a key, but makes nothing.
   */
  prepare(vertex: Vertex<O>, inputs: readonly Result[], step: StepContext): Promise<Prepared>;
}

export type OpRunners = { readonly [K in OpKind]: OpRunner<Extract<Op, { kind: K }>> };

export interface StepContext {
  readonly signal: AbortSignal;
  readonly output: (stream: 'stdout' | 'stderr', data: Uint8Array) => void;
  readonly warn: (message: string) => void;
  /** Says where the complete output will be, before there is any: a step that fails has a log too. */
  readonly logsTo: (file: string) => void;
  /** Does the work, and tells how long this part of the step took. */
  readonly timed: <T>(phase: PhaseName, work: () => T) => T;
  /** Tells of a part that went on elsewhere: when it began and ended, in milliseconds ago. */
  readonly tookPlace: (phase: PhaseName, ago: { readonly beganMs: number; readonly endedMs: number }) => void;
}

export type Prepared =
  /** Nothing to run. With `material` it is a step that hits when a record of it exists (FROM). */
  | {
      readonly kind: 'given';
      readonly result: Result;
      readonly material?: KeyMaterial;
      readonly explanation?: Explanation;
    }
  | PreparedStep;

export interface PreparedStep {
  readonly kind: 'step';
  /** Tried in order; the next one is only computed when the one before missed. */
  readonly keys: readonly KeySource[];
  readonly explanation: Explanation;
  /** True when it takes one of the `--jobs` slots. */
  readonly takesSlot: boolean;
  /** It is going to run, which is yet to be explained: what takes time to get ready may begin. */
  onMiss?(): void;
  run(): Promise<Made>;
  /** A record is taken instead. What it throws fails the step. */
  onHit?(layers: readonly LayerRef[]): void;
}

export interface KeySource {
  /** What a hit through this key is called. */
  readonly hit: HitCode;
  /** undefined when this key cannot be made with what is here (a toc that was pruned). */
  material(): Promise<KeyMaterial | undefined>;
}

/** What running a step gave: one layer on top of its first input. */
export interface Made {
  readonly layer: LayerRef;
  /** Bytes of the uncompressed tar. */
  readonly size: number;
  /** Under which keys the result may be found again: made from what was in fact read and written. */
  readonly materials: readonly KeyMaterial[];
  readonly usage?: Usage;
}

/** A layer that was taken for granted is gone, here and wherever it came from: solve again with it in `lost`. */
export class LayerLost extends Error {
  override readonly name = 'LayerLost';
  readonly diffID: DiffID;
  readonly reason: 'pruned' | 'corrupt' | 'remote-missing';

  constructor(diffID: DiffID, reason: 'pruned' | 'corrupt' | 'remote-missing') {
    super(`layer ${diffID} is ${reason}`);
    this.diffID = diffID;
    this.reason = reason;
  }
}

export function stackOf(result: Result | undefined): readonly LayerRef[] {
  if (result?.kind !== 'stack') throw new Error('this input is not a stack of layers');
  return result.layers;
}
