import { createReadStream } from 'node:fs';
import type { BlobRef, LayerRef } from '../../cache/index.ts';
import type { Timed } from '../progress/index.ts';
import { LayerLost } from '../solver/index.ts';
import { makeTurnstile } from '../util/turnstile.ts';
import type { FetchBlob } from './fetch-blob.ts';
import { type PackedLayer, packedLayer, type TakeInDeps, takeIn } from './take-in.ts';
import { takeInPassing } from './take-in-passing.ts';

export interface LayerSupplyDeps extends TakeInDeps {
  readonly fetchBlob: FetchBlob;
  readonly timed: Timed;
}

/** Disposing waits for blobs whose layers were given out before they were on the disk. */
export interface LayerSupply extends AsyncDisposable {
  /** The layer's tar and toc are in the root afterwards. @returns whether they were not before @throws LayerLost, BuildError layer-refused */
  ensureLayer(ref: LayerRef, options: { signal: AbortSignal }): Promise<boolean>;
  /** A blob of the layer as its source gave it, in the content store; undefined for a layer that never had one. */
  ensureBlob(ref: LayerRef, options: { signal: AbortSignal }): Promise<BlobRef | undefined>;
}

/** Each holds up to 10 MB of bytes on their way. */
const LAYERS_AT_ONCE = 6;

/** Gives layers their bytes, each once however many steps wait for it. */
export function makeLayerSupply(deps: LayerSupplyDeps): LayerSupply {
  const inTurn = makeTurnstile(LAYERS_AT_ONCE);
  const layers = new Map<string, Promise<void>>();
  const blobs = new Map<string, Promise<BlobRef | undefined>>();
  const storeBlob: FetchBlob = (ref, options) => once(blobs, ref.diffID, () => fetchIfAbsent(ref, deps, options));
  return {
    ensureBlob: storeBlob,
    async ensureLayer(ref, { signal }) {
      if (deps.root.layers.isTarIntact(ref.diffID)) return false;
      await once(layers, ref.diffID, () => inTurn(() => bring(ref, { ...deps, fetchBlob: storeBlob, signal })));
      return true;
    },
    async [Symbol.asyncDispose]() {
      await Promise.allSettled(blobs.values());
    },
  };
}

function once<T>(jobs: Map<string, Promise<T>>, key: string, work: () => Promise<T>): Promise<T> {
  const known = jobs.get(key);
  if (known !== undefined) return known;
  const job = work().finally(() => jobs.delete(key));
  jobs.set(key, job);
  return job;
}

async function fetchIfAbsent(
  ref: LayerRef,
  { root, fetchBlob }: LayerSupplyDeps,
  options: Parameters<FetchBlob>[1],
): Promise<BlobRef | undefined> {
  if (ref.blob === undefined) return undefined;
  if (root.content.has(ref.blob.digest, ref.blob.size)) return ref.blob;
  return fetchBlob(ref, options);
}

/** What is neither here nor was pruned was damaged: by this build's finding, or behind our back. */
function fateOf({ diffID }: LayerRef, { layers, tombstones }: LayerSupplyDeps['root']): 'pruned' | 'corrupt' {
  return tombstones.prunedAt(diffID) !== undefined && !layers.wasDamaged(diffID) ? 'pruned' : 'corrupt';
}

async function bring(ref: LayerRef, deps: LayerSupplyDeps & { readonly signal: AbortSignal }): Promise<void> {
  deps.signal.throwIfAborted();
  const layer = packedLayer(ref);
  if (layer === undefined) throw new LayerLost(ref.diffID, fateOf(ref, deps.root));
  await deps.timed({ name: 'take-in', item: ref.diffID }, async () => {
    const taken = (await takeInPassing(layer, deps)) ?? (await takeIn(stored(layer, deps), layer, deps));
    taken.publish();
  });
}

/** Nothing is opened before the first byte is asked for. */
async function* stored({ blob }: PackedLayer, { root }: LayerSupplyDeps): AsyncIterable<Uint8Array> {
  yield* createReadStream(root.content.path(blob.digest));
}
