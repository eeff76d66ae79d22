import type { Platform } from '../image/oci/index.ts';
import type { LayerCompression } from './compression.ts';

/** Where one output goes and how it is written. Absent fields mean the default. */
export interface OutputSpec {
  /**
   * oci and docker: an OCI layout with a docker manifest; tar and local: the image's files; registry: pushed to the registries of its
   * names; load: handed to the container engine of this machine; image: known by its names to later builds, which every image is;
   * cacheonly: nothing is written.
   */
  readonly type: OutputType;
  /** Host path, or `-` for stdout; empty for types that write no file. */
  readonly dest: string;
  /** False: the OCI layout as a directory. True unless said otherwise. */
  readonly tar?: boolean;
  /** Of layers made here; gzip unless said otherwise. Layers that came compressed keep their form unless `forceCompression`. */
  readonly compression?: LayerCompression;
  readonly forceCompression?: boolean;
  /** False: Docker's media types instead of OCI's. */
  readonly ociMediaTypes?: boolean;
  /**
   * What becomes of file times in layers that this build stands on its base, when there is an epoch: kept, which is the default; later ones
   * are the epoch; all are. Types tar and local have the epoch unless `isUndated`.
   */
  readonly fileTimes?: FileTimes;
  /** `source-date-epoch=`: the epoch dates the image's config, and nothing that is written here. */
  readonly isUndated?: boolean;
  /** Normalised names of an image that has no tags. */
  readonly names?: readonly string[];
  readonly annotations?: OutputAnnotations;
  /** registry: under its digest, without a tag. */
  readonly pushByDigest?: boolean;
  /** registry: certificates are not checked, and plain http is tried. */
  readonly insecure?: boolean;
}

export type FileTimes = 'kept' | 'clamped' | 'epoch';

/** Layers go out as they were made. */
export function keepsTimes(fileTimes: FileTimes | undefined): fileTimes is 'kept' | undefined {
  return fileTimes === undefined || fileTimes === 'kept';
}

export type OutputType = FileOutputType | 'registry' | 'load' | 'image' | 'cacheonly';
export type FileOutputType = 'oci' | 'docker' | 'tar' | 'local';

/** Whether `dest` is a path. */
export function isFileOutput({ type }: Pick<OutputSpec, 'type'>): boolean {
  return type === 'oci' || type === 'docker' || type === 'tar' || type === 'local';
}

/** Whether it is an image, of blobs; not its files, nor nothing. */
export function hasManifest({ type }: Pick<OutputSpec, 'type'>): boolean {
  return type === 'oci' || type === 'docker' || type === 'registry' || type === 'load';
}

export interface OutputAnnotations {
  readonly manifest: { readonly [name: string]: string };
  /** Of the manifest's descriptor in index.json. */
  readonly descriptor: { readonly [name: string]: string };
  /** Only for an image for this platform. */
  readonly forPlatforms?:
    | readonly {
        readonly platform: Platform;
        readonly level: 'manifest' | 'descriptor';
        readonly name: string;
        readonly value: string;
      }[]
    | undefined;
}
