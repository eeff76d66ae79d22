import type { Digest, LayerRef } from '../../cache/index.ts';
import type { ImageConfig, Platform } from '../image/oci/index.ts';

/** A base image, resolved: enough to lower a Dockerfile, without one byte of its layers. */
export interface ResolvedImage {
  /** Normalised name, `docker.io/library/node:20`. */
  readonly name: string;
  readonly manifest: Digest;
  readonly config: ImageConfig;
  readonly layers: readonly LayerRef[];
}

/** How the frontend learns about images. Injected: the frontend itself does no I/O. */
export interface ImageResolver {
  /**
   * @param name as expanded from the Dockerfile, or `oci-layout://DIR[:TAG|@DIGEST]`.
   * @throws BuildError reference-invalid, image-not-found, registry-*, image-invalid.
   */
  resolve(name: string, options: { readonly platform: Platform; readonly signal: AbortSignal }): Promise<ResolvedImage>;
}
