import type { Compression } from '../archive/index.ts';

export { compareLayers, type FileDifference, type FileField } from './compare-layers.ts';
export { type CompressedLayer, type CompressOptions, compressLayer } from './compress.ts';
export { CHUNK, endOf } from './deflate.ts';
export { DeflateAhead, type TarTap } from './deflate-ahead.ts';
export { type IngestedLayer, type IngestOptions, ingestLayer } from './ingest.ts';
export { ChunkStore, KnownChunks } from './known-chunks.ts';
export {
  compareTarNames,
  type LayerFiles,
  type LayerWriter,
  type NamedEntry,
  openLayerWriter,
  type WrittenLayerFiles,
} from './layer-writer.ts';
export { isForbiddenXattr } from './names.ts';
export { needsRedating, type Redating, redated } from './redate.ts';
export { OWN_FROM } from './tar-cuts.ts';

/** How a layer of this media type is compressed; undefined when it is no layer's. */
export function compressionOf(mediaType: string): Extract<Compression, 'gzip' | 'zstd' | 'none'> | undefined {
  if (!/^application\/vnd\.(oci\.image\.layer|docker\.image\.rootfs)\b/.test(mediaType)) return undefined;
  if (/[+.]gzip$/.test(mediaType)) return 'gzip';
  if (/[+.]zstd$/.test(mediaType)) return 'zstd';
  return /[.]tar$/.test(mediaType) ? 'none' : undefined;
}
