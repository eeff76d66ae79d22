import { copyFileSync, linkSync, rmSync, statSync } from 'node:fs';
import { type BlobRef, type Digest, type LayerRef, parseDigest } from '../../cache/index.ts';
import { compressLayer } from '../image/layer/index.ts';
import { eachAtMost } from '../util/each-at-most.ts';
import { withoutAbsent } from '../util/without-absent.ts';
import {
  algorithmOf,
  blobKey,
  DEFAULT_COMPRESSION,
  type LayerCompression,
  layerMediaType,
  levelOf,
} from './compression.ts';
import type { BlobDeps, MadeBlob } from './deps.ts';

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
  const { blob, stored } = await madeBlob(ref, form, deps);
  await stored;
  return blob;
}

async function madeBlob(ref: LayerRef, form: WantedForm, deps: BlobDeps): Promise<MadeBlob> {
  const compression = form.compression ?? DEFAULT_COMPRESSION;
  const key = blobKey(compression);
  const there = (blob: BlobRef): MadeBlob => ({ blob, stored: Promise.resolve() });
  if (ref.blob !== undefined && (form.force !== true || algorithmOf(ref.blob.mediaType) === compression.algorithm)) {
    if (form.mayBeRemote === true && ref.origins.some(({ repository }) => !repository.includes('://')))
      return there(ref.blob);
    const own = await deps.ensureBlob(ref, { signal: deps.signal });
    if (own !== undefined) return there(own);
  }
  const remembered = deps.layers.meta(ref.diffID)?.blobs[key];
  if (remembered !== undefined && deps.content.has(remembered.digest, remembered.size)) return there(remembered);
  return onItsWay(`${ref.diffID} ${key}`, deps, () => newBlob(ref, compression, deps));
}

/** One that somebody else makes at this moment is waited for; not the failure of it, which may be an abort that is the other's alone. */
async function onItsWay(id: string, { making }: BlobDeps, make: () => Promise<MadeBlob>): Promise<MadeBlob> {
  for (let other = making?.get(id); other !== undefined; other = making?.get(id)) {
    const made = await other.catch(() => undefined);
    if (made !== undefined) return made;
  }
  const own = make();
  making?.set(id, own);
  const forget = (): void => void making?.delete(id);
  void own.then(({ stored }) => stored).then(forget, forget);
  return own;
}

async function newBlob(ref: LayerRef, compression: LayerCompression, deps: BlobDeps): Promise<MadeBlob> {
  await deps.ensureLayer(ref, { signal: deps.signal });
  const compress = (): Promise<MadeBlob> => compressed(ref, compression, deps);
  const isPlain = compression.algorithm === 'none';
  const made = isPlain ? asItIs(ref, deps) : await deps.timed({ name: 'compress', item: ref.diffID }, compress);
  const record = (): void => void deps.layers.recordBlob(ref.diffID, blobKey(compression), made.blob);
  const stored = made.stored.then(record);
  // Waited for later: until then nobody is to take a failure for one that nobody hears of.
  stored.catch(() => undefined);
  return { ...made, stored };
}

/**
 * Blobs of several layers, two at a time, in the layers' order; those that are made wait for the disk together. Equal layers share one.
 */
export async function blobsOfLayers(
  refs: readonly LayerRef[],
  form: WantedForm,
  deps: BlobDeps,
): Promise<readonly BlobRef[]> {
  const distinct = [...new Map(refs.map((ref) => [ref.diffID, ref])).values()];
  const found = new Map<string, BlobRef>();
  const storing: Promise<void>[] = [];
  try {
    await eachAtMost(AT_ONCE, distinct, {
      signal: deps.signal,
      work: async (ref, signal) => {
        const { blob, stored } = await madeBlob(ref, form, { ...deps, signal });
        found.set(ref.diffID, blob);
        storing.push(stored);
        deps.onProgress?.('layers', found.size, distinct.length);
      },
    });
    await Promise.all(storing);
  } finally {
    await Promise.allSettled(storing);
  }
  return refs.map((ref) => found.get(ref.diffID) as BlobRef);
}

const AT_ONCE = 2;

async function compressed(ref: LayerRef, compression: LayerCompression, deps: BlobDeps): Promise<MadeBlob> {
  const { algorithm } = compression;
  if (algorithm === 'none') throw new Error('nothing to compress');
  const destPath = deps.tempPath('layer.blob');
  const { digest, size } = await compressLayer(deps.layers.tarPath(ref.diffID), {
    algorithm,
    level: levelOf(compression),
    destPath,
    filter: deps.filter,
    ...(algorithm === 'gzip' ? deps.deflatedAhead?.(ref.diffID) : {}),
    signal: deps.signal,
    ...withoutAbsent({ concurrency: deps.concurrency }),
  });
  return {
    blob: { mediaType: layerMediaType(algorithm), digest, size },
    stored: adopted(destPath, digest, deps.content),
  };
}

/** An uncompressed blob is the layer's tar under another name: its digest is the diffID. */
function asItIs(ref: LayerRef, deps: BlobDeps): MadeBlob {
  const digest = parseDigest(ref.diffID);
  const tar = deps.layers.tarPath(ref.diffID);
  const { size } = statSync(tar);
  const blob = { mediaType: layerMediaType('none'), digest, size };
  if (deps.content.has(digest, size)) return { blob, stored: Promise.resolve() };
  const temp = deps.tempPath('layer.blob');
  linkOrCopy(tar, temp);
  return { blob, stored: adopted(temp, digest, deps.content) };
}

async function adopted(temp: string, digest: Digest, content: BlobDeps['content']): Promise<void> {
  try {
    await content.adopt(temp, digest);
  } finally {
    rmSync(temp, { force: true });
  }
}

function linkOrCopy(from: string, to: string): void {
  try {
    linkSync(from, to);
  } catch {
    copyFileSync(from, to);
  }
}
