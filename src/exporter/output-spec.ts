import type { LayerCompression } from './compression.ts';

/** Where one output goes and how it is written. Absent fields mean the default. */
export interface OutputSpec {
  /** oci and docker: an OCI layout with a docker manifest; tar and local: the image's files. */
  readonly type: 'oci' | 'docker' | 'tar' | 'local';
  /** Host path, or `-` for stdout. */
  readonly dest: string;
  /** False: the OCI layout as a directory. True unless said otherwise. */
  readonly tar?: boolean;
  /** Of layers made here; gzip unless said otherwise. Layers that came compressed keep their form unless `forceCompression`. */
  readonly compression?: LayerCompression;
  readonly forceCompression?: boolean;
  /** False: Docker's media types instead of OCI's. */
  readonly ociMediaTypes?: boolean;
  /** Normalised names beside those of the image. */
  readonly names?: readonly string[];
  readonly annotations?: OutputAnnotations;
}

export interface OutputAnnotations {
  readonly manifest: { readonly [name: string]: string };
  /** Of the manifest's descriptor in index.json. */
  readonly descriptor: { readonly [name: string]: string };
}
