import { createReadStream } from 'node:fs';
import type { BlobRef, LayerRef, Root } from '../../cache/index.ts';
import { BuildError } from '../errors.ts';
import { diskRoom } from '../host/fs/index.ts';
import { ArchiveError, type Filter } from '../image/archive/index.ts';
import { compressionOf, type IngestedLayer, type IngestOptions, ingestLayer } from '../image/layer/index.ts';
import { LayerLost } from '../solver/index.ts';

export interface LayerSupplyDeps {
  readonly root: Root;
  /** Brings a blob into the content store. */
  readonly fetchBlob: (ref: LayerRef, options: { signal: AbortSignal }) => Promise<BlobRef | undefined>;
  readonly filter: Filter;
  readonly warn: (message: string) => void;
  /** Of a layer, uncompressed; what the disk has room for when absent. */
  readonly maxBytes?: number;
}

export interface LayerSupply {
  /** The layer's tar and toc are in the root afterwards. @throws LayerLost, BuildError layer-refused */
  ensureLayer(ref: LayerRef, options: { signal: AbortSignal }): Promise<void>;
  /** A blob of the layer as its source gave it, in the content store; undefined for a layer that never had one. */
  ensureBlob(ref: LayerRef, options: { signal: AbortSignal }): Promise<BlobRef | undefined>;
}

/** Gives layers their bytes, each once however many steps wait for it. */
export function makeLayerSupply(deps: LayerSupplyDeps): LayerSupply {
  const layers = new Map<string, Promise<void>>();
  const blobs = new Map<string, Promise<BlobRef | undefined>>();
  const once = <T>(jobs: Map<string, Promise<T>>, key: string, work: () => Promise<T>): Promise<T> => {
    const known = jobs.get(key);
    if (known !== undefined) return known;
    const job = work().finally(() => jobs.delete(key));
    jobs.set(key, job);
    return job;
  };
  const ensureBlob: LayerSupply['ensureBlob'] = (ref, options) =>
    once(blobs, ref.diffID, () => fetchOnce(ref, deps, options));
  return {
    ensureBlob,
    async ensureLayer(ref, options) {
      if (deps.root.layers.has(ref.diffID)) return;
      await once(layers, ref.diffID, () => ingest(ref, { ...deps, ensureBlob }, options));
    },
  };
}

async function fetchOnce(
  ref: LayerRef,
  { root, fetchBlob }: LayerSupplyDeps,
  options: { signal: AbortSignal },
): Promise<BlobRef | undefined> {
  if (ref.blob === undefined) return undefined;
  if (root.content.has(ref.blob.digest)) return ref.blob;
  return fetchBlob(ref, options);
}

async function ingest(
  ref: LayerRef,
  deps: LayerSupplyDeps & Pick<LayerSupply, 'ensureBlob'>,
  options: { signal: AbortSignal },
): Promise<void> {
  const blob = await deps.ensureBlob(ref, options);
  if (blob === undefined) throw new LayerLost(ref.diffID, ref.blob === undefined ? 'pruned' : 'remote-missing');
  const { root } = deps;
  const tar = root.tempPath('layer.tar');
  const toc = root.tempPath('layer.toc');
  const compression = compressionOf(blob.mediaType);
  if (compression === undefined)
    throw new BuildError(
      'image-invalid',
      `layer ${blob.digest} has the media type ${blob.mediaType}, which is not a layer`,
    );
  const made = await ingestBlob(root, blob, {
    compression,
    tarPath: tar,
    tocPath: toc,
    filter: deps.filter,
    maxBytes: deps.maxBytes ?? diskRoom(root.dir),
    signal: options.signal,
  });
  if (made.diffID !== ref.diffID) {
    throw new BuildError(
      'image-invalid',
      `layer ${blob.digest} unpacks to ${made.diffID}, its image says ${ref.diffID}`,
    );
  }
  for (const warning of made.warnings) deps.warn(warning);
  root.layers.publish(ref.diffID, { tar, toc }, { contentID: made.contentID, size: made.size, blobs: {} });
  root.layers.recordBlob(ref.diffID, compression, blob);
}

async function ingestBlob(root: Root, blob: BlobRef, options: IngestOptions): Promise<IngestedLayer> {
  try {
    return await ingestLayer(createReadStream(root.content.path(blob.digest)), options);
  } catch (error) {
    if (!(error instanceof ArchiveError)) throw error;
    throw new BuildError('layer-refused', `layer ${blob.digest} cannot be taken: ${error.message}`, {
      cause: error,
      hint: 'its image is damaged or hostile: take another one, or have this one built anew',
    });
  }
}
