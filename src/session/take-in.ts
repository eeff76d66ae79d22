import { rmSync } from 'node:fs';
import type { BlobRef, LayerRef, Root } from '../../cache/index.ts';
import { BuildError } from '../errors.ts';
import { diskRoom } from '../host/fs/index.ts';
import { ArchiveError, type Filter } from '../image/archive/index.ts';
import { compressionOf, type IngestedLayer, type IngestOptions, ingestLayer } from '../image/layer/index.ts';

export interface TakeInDeps {
  readonly root: Root;
  readonly filter: Filter;
  readonly warn: (message: string) => void;
  /** Of a layer, uncompressed; what the disk has room for when absent. */
  readonly maxBytes?: number;
}

/** A layer's tar and toc below tmp/, checked against its diffID: one of the two is to be called. */
export interface TakenIn {
  publish(): void;
  discard(): void;
}

/** A layer that is somewhere as a blob. */
export interface PackedLayer extends LayerRef {
  readonly blob: BlobRef;
  readonly compression: IngestOptions['compression'];
}

/** Undefined for a layer without a blob. @throws BuildError image-invalid */
export function packedLayer(ref: LayerRef): PackedLayer | undefined {
  const { blob } = ref;
  if (blob === undefined) return undefined;
  const compression = compressionOf(blob.mediaType);
  if (compression !== undefined) return { ...ref, blob, compression };
  throw new BuildError(
    'image-invalid',
    `layer ${blob.digest} has the media type ${blob.mediaType}, which is not a layer`,
  );
}

/** The blob's bytes, from wherever they come, into a layer's tar and toc. @throws BuildError image-invalid, layer-refused */
export async function takeIn(
  bytes: AsyncIterable<Uint8Array>,
  { diffID, blob, compression }: PackedLayer,
  { root, filter, warn, maxBytes = diskRoom(root.dir), signal }: TakeInDeps & { readonly signal: AbortSignal },
): Promise<TakenIn> {
  const [tar, toc] = [root.tempPath('layer.tar'), root.tempPath('layer.toc')];
  const made = await ingest(bytes, blob, { compression, tarPath: tar, tocPath: toc, filter, maxBytes, signal });
  const discard = (): void => {
    for (const file of [tar, toc]) rmSync(file, { force: true });
  };
  if (made.diffID !== diffID) {
    discard();
    throw new BuildError('image-invalid', `layer ${blob.digest} unpacks to ${made.diffID}, its image says ${diffID}`);
  }
  return {
    discard,
    publish() {
      for (const warning of made.warnings) warn(warning);
      root.layers.publish(diffID, { tar, toc }, { contentID: made.contentID, size: made.size, blobs: {} });
      root.layers.recordBlob(diffID, compression, blob);
    },
  };
}

async function ingest(bytes: AsyncIterable<Uint8Array>, blob: BlobRef, options: IngestOptions): Promise<IngestedLayer> {
  try {
    return await ingestLayer(bytes, options);
  } catch (error) {
    if (!(error instanceof ArchiveError)) throw error;
    throw new BuildError('layer-refused', `layer ${blob.digest} cannot be taken: ${error.message}`, {
      cause: error,
      hint: 'its image is damaged or hostile: take another one, or have this one built anew',
    });
  }
}
