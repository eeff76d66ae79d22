import { type ContentID, type Digest, isDigest, parseContentID } from '../digest.ts';
import type { BlobRef } from '../types.ts';

/** What is known of a layer beside its bytes. */
export interface LayerMeta {
  readonly contentID: ContentID;
  /** Bytes of the uncompressed tar. */
  readonly size: number;
  /** Compressed forms that were seen to unpack to the layer, by compression (`gzip-5`). */
  readonly blobs: { readonly [compression: string]: BlobRef };
}

/** The meta file: LayerMeta and what tells whether the files beside it are whole. */
export interface StoredMeta extends LayerMeta {
  readonly toc: Digest;
  /** The boot in which tar and toc were written without waiting for the disk; null once they are known to be on it. */
  readonly boot: string | null;
}

export function renderMeta(meta: StoredMeta): string {
  return `${JSON.stringify(meta)}\n`;
}

/** undefined for anything that is not whole. */
export function parseMeta(bytes: Buffer): StoredMeta | undefined {
  try {
    const meta = JSON.parse(bytes.toString('utf8')) as Partial<StoredMeta> | null;
    if (meta === null || typeof meta !== 'object') return undefined;
    const { contentID, size, toc, boot, blobs } = meta;
    if (typeof size !== 'number' || typeof toc !== 'string' || !isDigest(toc)) return undefined;
    if (boot !== null && typeof boot !== 'string') return undefined;
    return { contentID: parseContentID(String(contentID)), size, toc, boot, blobs: validBlobs(blobs) };
  } catch {
    return undefined;
  }
}

function validBlobs(blobs: LayerMeta['blobs'] | undefined): LayerMeta['blobs'] {
  return Object.fromEntries(Object.entries(blobs ?? {}).filter(([, blob]) => isBlob(blob)));
}

function isBlob(blob: Partial<BlobRef> | null): boolean {
  if (blob === null || typeof blob !== 'object') return false;
  return typeof blob.mediaType === 'string' && typeof blob.size === 'number' && isDigest(String(blob.digest));
}
