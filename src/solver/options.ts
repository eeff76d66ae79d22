import type { CacheRecord, DiffID, KeyMaterial, LayerRef, OtherSteps } from '../../cache/index.ts';
import type { Vertex } from '../graph/index.ts';
import type { Emit } from '../progress/index.ts';
import type { OpRunners, Result } from './runner.ts';

/** The part of the record store that the solver uses. */
export interface Records {
  keyOf(material: KeyMaterial): CacheRecord['key'];
  lookup(key: CacheRecord['key']): readonly CacheRecord[];
  put(record: CacheRecord): void;
  touch(key: CacheRecord['key'], atMs: number): void;
  nearest(place: CacheRecord['place'], material: KeyMaterial, others: OtherSteps): CacheRecord | undefined;
  fate(place: CacheRecord['place'], key: CacheRecord['key']): 'damaged' | 'removed' | undefined;
}

export interface SolveOptions {
  readonly runners: OpRunners;
  readonly records: Records;
  readonly emit: Emit;
  /** Step ids by vertex, as announced in `steps-planned`. */
  readonly stepID: (vertex: Vertex) => string;
  /** Names this Dockerfile and context, for explaining misses. */
  readonly build: string;
  /** How many RUNs may run at a time. */
  readonly jobs: number;
  /** Layers whose bytes turned out to be gone: records of them are no hits. */
  readonly lost: ReadonlyMap<DiffID, 'pruned' | 'corrupt' | 'remote-missing'>;
  /** When prune took a layer or a record; undefined of what it did not take. */
  readonly prunedAt: (digest: string) => number | undefined;
  /** Ids of the steps whose miss ends the build before they run. */
  readonly failsOnMiss?: ReadonlySet<string> | undefined;
  /** Told of each layer that a step has made, when it is recorded. */
  readonly onLayer?: ((vertex: Vertex, layer: LayerRef) => void) | undefined;
  readonly layerSize: (layer: LayerRef) => number | undefined;
  readonly clock: { readonly nowMs: () => number; readonly elapsedMs: () => number };
  readonly signal: AbortSignal;
}

export interface Solved {
  readonly result: Result;
  /** When the step's layer was made: now, or when its record was. Milliseconds; undefined for things without layers. */
  readonly createdAt: number | undefined;
}
