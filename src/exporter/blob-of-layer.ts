import { copyFileSync, linkSync, rmSync, statSync } from 'node:fs';
import { type BlobRef, type LayerRef, parseDigest } from '../../cache/index.ts';
import { compressLayer } from '../image/layer/index.ts';
import { eachAtMost } from '../util/each-at-most.ts';
import {
  algorithmOf,
  blobKey,
  DEFAULT_COMPRESSION,
  type LayerCompression,
  layerMediaType,
  levelOf,
} from './compression.ts';
import type { BlobDeps } from './deps.ts';

export interface WantedForm {
  readonly compression?: LayerCompression | undefined;
  /** Also layers that came compressed otherwise. */
  readonly force?: boolean | undefined;
  /** A blob that a registry has need not be here. */
  readonly mayBeRemote?: boolean | undefined;
}

/**
 * The layer as a blob in the content store. One that was pulled keeps its own blob; one that was made here is compressed once and
 * remembered with the layer, so this may be called long before the export.
 */
export async function blobOfLayer(ref: LayerRef, form: WantedForm, deps: BlobDeps): Promise<BlobRef> {
  const compression = form.compression ?? DEFAULT_COMPRESSION;
  const key = blobKey(compression);
  if (ref.blob !== undefined && (form.force !== true || algorithmOf(ref.blob.mediaType) === compression.algorithm)) {
    if (form.mayBeRemote === true && ref.origins.some(({ repository }) => !repository.includes('://'))) return ref.blob;
    const own = await deps.ensureBlob(ref, { signal: deps.signal });
    if (own !== undefined) return own;
  }
  const remembered = deps.layers.meta(ref.diffID)?.blobs[key];
  if (remembered !== undefined && deps.content.has(remembered.digest)) return remembered;
  await deps.ensureLayer(ref, { signal: deps.signal });
  const compress = (): Promise<BlobRef> => compressed(ref, compression, deps);
  const isPlain = compression.algorithm === 'none';
  const made = isPlain ? asItIs(ref, deps) : await deps.timed({ name: 'compress', item: ref.diffID }, compress);
  deps.layers.recordBlob(ref.diffID, key, made);
  return made;
}

/** Blobs of several layers, two at a time, in the layers' order. Equal layers share one. */
export async function blobsOfLayers(
  refs: readonly LayerRef[],
  form: WantedForm,
  deps: BlobDeps,
): Promise<readonly BlobRef[]> {
  const distinct = [...new Map(refs.map((ref) => [ref.diffID, ref])).values()];
  const found = new Map<string, BlobRef>();
  await eachAtMost(AT_ONCE, distinct, {
    signal: deps.signal,
    work: async (ref, signal) => {
      found.set(ref.diffID, await blobOfLayer(ref, form, { ...deps, signal }));
      deps.onProgress?.('layers', found.size, distinct.length);
    },
  });
  return refs.map((ref) => found.get(ref.diffID) as BlobRef);
}

const AT_ONCE = 2;

async function compressed(ref: LayerRef, compression: LayerCompression, deps: BlobDeps): Promise<BlobRef> {
  const { algorithm } = compression;
  if (algorithm === 'none') throw new Error('nothing to compress');
  const destPath = deps.tempPath('layer.blob');
  try {
    const { digest, size } = await compressLayer(deps.layers.tarPath(ref.diffID), {
      algorithm,
      level: levelOf(compression),
      destPath,
      filter: deps.filter,
      signal: deps.signal,
    });
    deps.content.adopt(destPath, digest);
    return { mediaType: layerMediaType(algorithm), digest, size };
  } finally {
    rmSync(destPath, { force: true });
  }
}

/** An uncompressed blob is the layer's tar under another name: its digest is the diffID. */
function asItIs(ref: LayerRef, deps: BlobDeps): BlobRef {
  const digest = parseDigest(ref.diffID);
  const tar = deps.layers.tarPath(ref.diffID);
  const { size } = statSync(tar);
  if (!deps.content.has(digest)) {
    const temp = deps.tempPath('layer.blob');
    linkOrCopy(tar, temp);
    deps.content.adopt(temp, digest);
  }
  return { mediaType: layerMediaType('none'), digest, size };
}

function linkOrCopy(from: string, to: string): void {
  try {
    linkSync(from, to);
  } catch {
    copyFileSync(from, to);
  }
}
