import { type BlobRef, type Digest, digestOf, hexOf, type LayerRef } from '../../cache/index.ts';
import {
  type Descriptor,
  familiarName,
  type ImageConfig,
  type Manifest,
  MEDIA,
  normalisePlatform,
  type Platform,
  parseReference,
  renderConfig,
  renderIndex,
  renderManifest,
} from '../image/oci/index.ts';
import { mediaTypeIn } from './compression.ts';
import type { OutputSpec } from './output-spec.ts';

/** What is to be exported: complete, and the same whatever the outputs are. */
export interface ExportImage {
  readonly platform: Platform;
  readonly config: ImageConfig;
  readonly layers: readonly LayerRef[];
  /** Normalised references. */
  readonly names: readonly string[];
  /** SOURCE_DATE_EPOCH, in seconds: dates what the exporter itself makes. */
  readonly epoch?: number | undefined;
  /** So many layers, from the bottom, came with the base image: their file times are never changed. */
  readonly baseLayers?: number | undefined;
  /** Of each layer, in an OCI manifest. */
  readonly layerAnnotations?: readonly Descriptor['annotations'][] | undefined;
}

export interface ImageFile {
  readonly digest: Digest;
  readonly bytes: Buffer;
}

/** The small files of an image in one form; its layer blobs are named by the manifest. */
export interface ImageFiles {
  readonly config: ImageFile;
  readonly manifest: ImageFile;
  readonly blobs: readonly BlobRef[];
}

/** What an output has to say of a manifest. */
export type ManifestSpec = Pick<OutputSpec, 'ociMediaTypes' | 'annotations'>;

/** Pure: equal images and blobs give equal bytes. */
export function imageFiles(image: ExportImage, blobs: readonly BlobRef[], spec: ManifestSpec): ImageFiles {
  const family = spec.ociMediaTypes === false ? 'docker' : 'oci';
  const config = fileOf(renderConfig(image.config));
  const manifest: Manifest = {
    schemaVersion: 2,
    mediaType: family === 'oci' ? MEDIA.ociManifest : MEDIA.dockerManifest,
    config: {
      mediaType: family === 'oci' ? MEDIA.ociConfig : MEDIA.dockerConfig,
      digest: config.digest,
      size: config.bytes.length,
    },
    layers: blobs.map(({ mediaType, digest, size }, index) => ({
      mediaType: mediaTypeIn(family, mediaType),
      digest,
      size,
      annotations: family === 'oci' ? image.layerAnnotations?.[index] : undefined,
    })),
    annotations: spec.annotations?.manifest,
  };
  return { config, manifest: fileOf(renderManifest(manifest)), blobs };
}

export const OCI_LAYOUT_FILE: Buffer = Buffer.from('{"imageLayoutVersion":"1.0.0"}');

/** The image as an index names it, without any name of its own. */
export function imageDescriptor(
  image: ExportImage,
  { manifest }: Pick<ImageFiles, 'manifest'>,
  spec: ManifestSpec,
): Descriptor {
  const { os, architecture, variant } = normalisePlatform(image.platform);
  const { created } = image.config;
  const annotations = {
    ...(created === undefined ? {} : { 'org.opencontainers.image.created': wholeSeconds(created) }),
    ...spec.annotations?.descriptor,
  };
  return {
    mediaType: spec.ociMediaTypes === false ? MEDIA.dockerManifest : MEDIA.ociManifest,
    digest: manifest.digest,
    size: manifest.bytes.length,
    platform: { architecture, os, variant },
    ...(Object.keys(annotations).length === 0 ? {} : { annotations }),
  };
}

/** As BuildKit dates a descriptor. */
function wholeSeconds(time: string): string {
  return time.replace(/\.\d+/, '');
}

/** One descriptor a name, as containerd's archives have it; one without a name when there is none. */
export function indexDescriptors(image: ExportImage, files: ImageFiles, spec: OutputSpec): readonly Descriptor[] {
  const descriptor = imageDescriptor(image, files, spec);
  const names = namesIn(image, spec);
  if (names.length === 0) return [descriptor];
  return names.map((name) => ({ ...descriptor, annotations: { ...descriptor.annotations, ...nameAnnotations(name) } }));
}

export function renderIndexFile(manifests: readonly Descriptor[]): Buffer {
  return renderIndex({ schemaVersion: 2, mediaType: MEDIA.ociIndex, manifests });
}

/** `manifest.json` of `docker save`, whose blobs lie where the OCI layout has them. */
export function dockerManifest(image: ExportImage, { config, blobs }: ImageFiles, spec: OutputSpec): Buffer {
  const tagged = namesIn(image, spec).filter((name) => parseReference(name).tag !== undefined);
  const RepoTags = tagged.length === 0 ? null : tagged.map(withoutDigest).map(familiarName);
  return Buffer.from(
    JSON.stringify([
      { Config: blobName(config.digest), RepoTags, Layers: blobs.map(({ digest }) => blobName(digest)) },
    ]),
  );
}

export function blobName(digest: Digest): string {
  return `blobs/sha256/${hexOf(digest)}`;
}

/** The image's own; without any, those of the output. */
export function namesIn(image: Pick<ExportImage, 'names'>, spec: Pick<OutputSpec, 'names'>): readonly string[] {
  return [...new Set(image.names.length > 0 ? image.names : (spec.names ?? []))];
}

function withoutDigest(name: string): string {
  return name.replace(/@.*$/, '');
}

function nameAnnotations(name: string): { readonly [key: string]: string } {
  const { tag } = parseReference(name);
  return {
    'io.containerd.image.name': name,
    ...(tag === undefined ? {} : { 'org.opencontainers.image.ref.name': tag }),
  };
}

function fileOf(bytes: Buffer): ImageFile {
  return { digest: digestOf(bytes), bytes };
}
