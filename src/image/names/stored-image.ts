import type { Digest, LayerRef } from '../../../cache/index.ts';
import type { Platform } from '../oci/index.ts';

/** What a name stands for in this root. The manifest and config bytes are in the content store, or were once. */
export interface StoredImage {
  readonly manifest: Digest;
  readonly config: Digest;
  readonly platform: Platform;
  readonly layers: readonly LayerRef[];
  readonly kind: 'built' | 'pulled';
  /** When the name was given this meaning, milliseconds since the epoch. */
  readonly at: number;
  /** Files that were written for it. */
  readonly outputs?: readonly StoredOutput[] | undefined;
}

export interface StoredOutput {
  /** Absolute host path. */
  readonly dest: string;
  readonly size: number;
}

export interface NamedImage {
  readonly name: string;
  readonly image: StoredImage;
}
