import { type Digest, isDigest } from '../../../cache/index.ts';
import { withoutAbsent } from '../../util/without-absent.ts';
import { Fields } from './fields.ts';
import { invalid, parseJsonObject } from './json.ts';
import type { Descriptor, Index, Manifest } from './manifest.ts';
import { normalisePlatform, type Platform } from './platform.ts';

/** As registries limit them (distribution: 4 MiB). */
export const MAX_MANIFEST_BYTES = 4 * 1024 * 1024;

/** @throws BuildError image-invalid */
export function parseManifest(bytes: Uint8Array, what = 'manifest'): Manifest {
  const fields = new Fields(parseJsonObject(bytes, { maxBytes: MAX_MANIFEST_BYTES, what }), what);
  assertVersion(fields);
  const config = fields.object('config');
  if (config === undefined) throw invalid(what, 'has no config: not an image manifest');
  return withoutAbsent({
    schemaVersion: 2 as const,
    mediaType: fields.text('mediaType'),
    config: descriptor(config),
    layers: (fields.objects('layers') ?? []).map(descriptor),
    annotations: fields.textMap('annotations'),
  });
}

/** @throws BuildError image-invalid */
export function parseIndex(bytes: Uint8Array, what = 'image index'): Index {
  const fields = new Fields(parseJsonObject(bytes, { maxBytes: MAX_MANIFEST_BYTES, what }), what);
  assertVersion(fields);
  const manifests = fields.objects('manifests');
  if (manifests === undefined) throw invalid(what, 'has no manifests: not an image index');
  return withoutAbsent({
    schemaVersion: 2 as const,
    mediaType: fields.text('mediaType'),
    manifests: manifests.map(descriptor),
    annotations: fields.textMap('annotations'),
  });
}

/**
 * Whether the bytes are an index or a manifest, by their shape: media types are often missing, and both at once is an attack.
 * @throws BuildError image-invalid for anything else, Docker's schema 1 among them
 */
export function manifestKind(bytes: Uint8Array, what: string): 'index' | 'manifest' {
  const object = parseJsonObject(bytes, { maxBytes: MAX_MANIFEST_BYTES, what });
  if (object['schemaVersion'] === 1)
    throw invalid(
      what,
      'has the old Docker format schema 1, which is not supported; push the image again with a newer Docker',
    );
  const hasManifests = Array.isArray(object['manifests']);
  const hasLayers = Array.isArray(object['layers']) || object['layers'] === null;
  if (hasManifests && hasLayers) throw invalid(what, 'is both an index and a manifest');
  if (hasManifests) return 'index';
  if (hasLayers) return 'manifest';
  const { mediaType } = object;
  const said = typeof mediaType === 'string' ? ` (media type ${mediaType.slice(0, 200)})` : '';
  throw invalid(what, `is neither an image manifest nor an index${said}`);
}

function assertVersion(fields: Fields): void {
  if (fields.number('schemaVersion') !== 2) throw invalid(fields.what, 'has a schemaVersion that is not 2');
}

function descriptor(fields: Fields): Descriptor {
  const size = fields.number('size');
  if (size === undefined || size < 0) throw invalid(fields.what, 'has a descriptor without a size');
  return withoutAbsent({
    mediaType: fields.text('mediaType') ?? '',
    digest: digestField(fields),
    size,
    urls: fields.texts('urls'),
    annotations: fields.textMap('annotations'),
    platform: platformField(fields.object('platform')),
    artifactType: fields.text('artifactType'),
  });
}

function digestField(fields: Fields): Digest {
  const digest = fields.requiredText('digest');
  if (!isDigest(digest))
    throw invalid(fields.what, `has a digest that is not sha256: ${JSON.stringify(digest.slice(0, 100))}`);
  return digest;
}

function platformField(fields: Fields | undefined): Platform | undefined {
  if (fields === undefined) return undefined;
  const { os, architecture, variant } = normalisePlatform({
    os: fields.text('os') ?? '',
    architecture: fields.text('architecture') ?? '',
    variant: fields.text('variant'),
  });
  const osVersion = fields.text('os.version');
  return withoutAbsent({ os, architecture, variant, 'os.version': osVersion });
}
