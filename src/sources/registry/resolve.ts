import { type Digest, digestOf } from '../../../cache/index.ts';
import { BuildError } from '../../errors.ts';
import {
  formatPlatform,
  type ImageConfig,
  type Index,
  MAX_CONFIG_BYTES,
  MAX_MANIFEST_BYTES,
  type Manifest,
  MEDIA,
  manifestKind,
  matchPlatform,
  normalisePlatform,
  type Platform,
  parseConfig,
  parseIndex,
  parseManifest,
} from '../../image/oci/index.ts';

/** Bytes of manifests and configs by digest, verified; from a registry, a directory or the content store. */
export type ReadVerified = (blob: {
  readonly digest: Digest;
  readonly kind: 'manifest' | 'config';
}) => Promise<Uint8Array>;

export interface ResolvedManifest {
  readonly manifestDigest: Digest;
  readonly manifest: Manifest;
  readonly config: ImageConfig;
  readonly platform: Platform;
}

export interface ResolveOptions {
  readonly platform: Platform;
  /** For messages. */
  readonly name: string;
}

const MAX_NESTING = 3;

/**
 * From the digest of a manifest or an index to the image for a platform. A manifest that is named directly is taken
 * whatever its platform; the caller sees it in the result.
 * @throws BuildError image-not-found, image-invalid
 */
export async function resolveManifest(
  digest: Digest,
  read: ReadVerified,
  options: ResolveOptions,
): Promise<ResolvedManifest> {
  const steps = resolving(digest, options);
  let step = steps.next();
  while (step.done !== true) step = steps.next(await read(step.value));
  return step.value;
}

/** The same where bytes are at hand. */
export function resolveManifestSync(
  digest: Digest,
  read: (blob: Wanted) => Uint8Array,
  options: ResolveOptions,
): ResolvedManifest {
  const steps = resolving(digest, options);
  let step = steps.next();
  while (step.done !== true) step = steps.next(read(step.value));
  return step.value;
}

interface Wanted {
  readonly digest: Digest;
  readonly kind: 'manifest' | 'config';
}

function* resolving(top: Digest, { platform, name }: ResolveOptions): Generator<Wanted, ResolvedManifest, Uint8Array> {
  let digest = top;
  for (let depth = 0; depth <= MAX_NESTING; depth++) {
    const what = `manifest ${digest} of ${name}`;
    const bytes = checked(yield { digest, kind: 'manifest' }, { digest, maxBytes: MAX_MANIFEST_BYTES, what });
    if (manifestKind(bytes, what) === 'index') {
      digest = chosen(parseIndex(bytes, what), { platform, name });
      continue;
    }
    const manifest = parseManifest(bytes, what);
    assertImage(manifest, what);
    const configWhat = `config ${manifest.config.digest} of ${name}`;
    const raw = yield { digest: manifest.config.digest, kind: 'config' };
    const config = parseConfig(
      checked(raw, { digest: manifest.config.digest, maxBytes: MAX_CONFIG_BYTES, what: configWhat }),
      configWhat,
    );
    if (config.rootfs.diff_ids.length !== manifest.layers.length) {
      throw new BuildError(
        'image-invalid',
        `${what} has ${manifest.layers.length} layers, its config ${config.rootfs.diff_ids.length}`,
      );
    }
    return { manifestDigest: digest, manifest, config, platform: normalisePlatform({ ...config }) };
  }
  throw new BuildError('image-invalid', `${name}: its image indexes nest deeper than ${MAX_NESTING}`);
}

function chosen(index: Index, { platform, name }: ResolveOptions): Digest {
  const images = index.manifests.filter(
    ({ mediaType, platform: own }) => IMAGE_TYPES.has(mediaType) && own?.os !== 'unknown',
  );
  const found = matchPlatform(images, platform);
  if (found !== undefined) return found.digest;
  const offered = [
    ...new Set(images.flatMap((image) => (image.platform === undefined ? [] : [formatPlatform(image.platform)]))),
  ];
  throw new BuildError('image-not-found', `${name} has no image for ${formatPlatform(platform)}`, {
    hint:
      offered.length === 0
        ? 'it holds no image at all'
        : `it has ${offered.slice(0, 12).join(', ')}; choose one with --platform`,
  });
}

const IMAGE_TYPES = new Set<string>([MEDIA.ociManifest, MEDIA.dockerManifest, MEDIA.ociIndex, MEDIA.dockerIndex, '']);
const CONFIG_TYPES = new Set<string>([MEDIA.ociConfig, MEDIA.dockerConfig, 'application/octet-stream', '']);

function assertImage(manifest: Manifest, what: string): void {
  if (CONFIG_TYPES.has(manifest.config.mediaType)) return;
  throw new BuildError(
    'image-invalid',
    `${what} is not a container image but ${manifest.config.mediaType.slice(0, 200)}`,
  );
}

function checked(
  bytes: Uint8Array,
  { digest, maxBytes, what }: { digest: Digest; maxBytes: number; what: string },
): Uint8Array {
  if (bytes.length > maxBytes) throw new BuildError('image-invalid', `${what} is larger than ${maxBytes} bytes`);
  if (digestOf(bytes) !== digest) throw new BuildError('image-invalid', `${what} has other bytes than its digest says`);
  return bytes;
}
