import { MEDIA } from '../image/oci/index.ts';

export interface LayerCompression {
  readonly algorithm: 'gzip' | 'zstd' | 'none';
  /** The algorithm's own scale; its default when absent. Part of what makes a blob, so of how it is remembered. */
  readonly level?: number | undefined;
}

export const DEFAULT_COMPRESSION: LayerCompression = { algorithm: 'gzip' };
/** gzip at 5 takes three quarters of the time that it takes at 6, zlib's own default, for a half to one percent more bytes. */
const DEFAULT_LEVELS = { gzip: 5, zstd: 3, none: 0 } as const;

export function levelOf({ algorithm, level }: LayerCompression): number {
  return level ?? DEFAULT_LEVELS[algorithm];
}

/** Under which name a root remembers a layer's blob of this compression: `gzip-5`. */
export function blobKey(compression: LayerCompression): string {
  return compression.algorithm === 'none' ? 'none' : `${compression.algorithm}-${levelOf(compression)}`;
}

export function layerMediaType(algorithm: LayerCompression['algorithm']): string {
  return { gzip: MEDIA.ociLayerGzip, zstd: MEDIA.ociLayerZstd, none: MEDIA.ociLayer }[algorithm];
}

/** The compression that a layer's media type names; gzip for Docker's older and foreign names. */
export function algorithmOf(mediaType: string): LayerCompression['algorithm'] {
  if (/[+.]zstd$/.test(mediaType)) return 'zstd';
  if (/[+.]gzip$/.test(mediaType)) return 'gzip';
  return /\.tar$/.test(mediaType) ? 'none' : 'gzip';
}

const DOCKER_NAMES = { gzip: MEDIA.dockerLayerGzip, zstd: MEDIA.dockerLayerZstd, none: MEDIA.dockerLayer } as const;

/** The same bytes under the name that a manifest of that family uses. */
export function mediaTypeIn(family: 'oci' | 'docker', mediaType: string): string {
  const algorithm = algorithmOf(mediaType);
  return family === 'oci' ? layerMediaType(algorithm) : DOCKER_NAMES[algorithm];
}
