import { contentIDOf, type LayerRef, parseDiffID, type Root } from '../../cache/index.ts';
import { BuildError } from '../errors.ts';
import type { ImageResolver, ResolvedImage } from '../frontend/index.ts';
import type { Names, StoredImage } from '../image/names/index.ts';
import {
  familiarName,
  type ImageConfig,
  MAX_CONFIG_BYTES,
  type Manifest,
  matchPlatform,
  normaliseReference,
  type Platform,
  parseConfig,
} from '../image/oci/index.ts';
import type { Emit } from '../progress/index.ts';
import { openLayout, type Registry } from '../sources/registry/index.ts';
import { ageText } from '../util/age-text.ts';
import { anySignal } from '../util/any-signal.ts';
import { nowMs } from '../util/clock.ts';

export interface ImageResolverDeps {
  readonly root: {
    readonly content: Pick<Root['content'], 'readBytes' | 'has'>;
    readonly layers: Pick<Root['layers'], 'hold'>;
  };
  readonly names: Pick<Names, 'get' | 'put'>;
  readonly registry: Pick<Registry, 'resolve'>;
  readonly pull: 'auto' | 'always' | 'never';
  readonly emit: Emit;
  /** A signal that aborts after so many milliseconds. */
  readonly timeout?: (ms: number) => AbortSignal;
}

/** How long a registry may take to say whether a remembered image has moved. */
const REVALIDATE_MS = 2000;

/**
 * FROM name → image. An image that was built in this root wins without network; one that was pulled is asked for again, and
 * the remembered one is used with a warning when the registry does not answer. `always` asks in any case, `never` never.
 */
export function makeImageResolver(deps: ImageResolverDeps): ImageResolver {
  return {
    resolve(name, options) {
      const layout = /^oci-layout:\/\/(.*)$/.exec(name)?.[1];
      if (layout !== undefined) return Promise.resolve(resolveLayout(layout, options.platform));
      return resolveName(normaliseReference(name.replace(/^docker-image:\/\//, '')), { deps, ...options });
    },
  };
}

interface Request {
  readonly deps: ImageResolverDeps;
  readonly platform: Platform;
  readonly signal: AbortSignal;
}

async function resolveName(name: string, request: Request): Promise<ResolvedImage> {
  const { names, pull, emit } = request.deps;
  const stored = usable(names.get(name), request);
  if (stored !== undefined && pull !== 'always' && (stored.image.kind === 'built' || pull === 'never')) {
    emit({
      type: 'notice',
      message: `${familiarName(name)}: ${stored.image.kind} here ${ageText(nowMs() - stored.image.at)} ago`,
    });
    return fromStored(name, stored);
  }
  if (pull === 'never') {
    throw new BuildError(
      'image-not-found',
      `image ${familiarName(name)} is not here, and --pull=never forbids to ask for it`,
      { hint: 'build without --pull=never once' },
    );
  }
  return stored === undefined || pull === 'always' ? pullName(name, request) : revalidate(name, stored, request);
}

/** What the registry has now; the remembered image with a warning when it does not answer in time. */
async function revalidate(name: string, stored: Usable, request: Request): Promise<ResolvedImage> {
  const { emit, timeout = (ms: number) => AbortSignal.timeout(ms) } = request.deps;
  const limited = { ...request, signal: anySignal([request.signal, timeout(REVALIDATE_MS)]) };
  try {
    return await pullName(name, limited);
  } catch (error) {
    request.signal.throwIfAborted();
    const isUnreachable = error instanceof BuildError && error.code === 'registry-unreachable';
    if (!isUnreachable && !limited.signal.aborted) throw error;
    emit({
      type: 'warning',
      message: `${familiarName(name)}: its registry does not answer; using the image pulled ${ageText(nowMs() - stored.image.at)} ago`,
    });
    return fromStored(name, stored);
  }
}

interface Usable {
  readonly image: StoredImage;
  readonly config: ImageConfig;
}

/** A remembered image counts when its config is still here and it is for the platform that is asked for, or an older variant of that. */
function usable(image: StoredImage | undefined, { deps, platform }: Request): Usable | undefined {
  if (image === undefined || !isComplete(image, deps.root)) return undefined;
  const bytes = deps.root.content.readBytes(image.config, { maxBytes: MAX_CONFIG_BYTES });
  if (bytes === undefined) return undefined;
  const config = parseConfig(bytes);
  const isSame = config.os === platform.os && config.architecture === platform.architecture;
  return isSame && matchPlatform([image], platform) !== undefined ? { image, config } : undefined;
}

/** Nobody gives an image that was built here back once its layers were pruned; from now on they are not. */
function isComplete(image: StoredImage, { layers, content }: ImageResolverDeps['root']): boolean {
  if (image.kind === 'pulled') return true;
  return image.layers.every(
    ({ diffID, blob, origins }) =>
      origins.length > 0 || layers.hold(diffID) || (blob !== undefined && content.has(blob.digest, blob.size)),
  );
}

function fromStored(name: string, { image, config }: Usable): ResolvedImage {
  return { name, manifest: image.manifest, config, layers: image.layers };
}

async function pullName(name: string, { deps, platform, signal }: Request): Promise<ResolvedImage> {
  const found = await deps.registry.resolve(name, { platform, signal });
  const layers = layerRefs(found.manifest, found.config, found.repository);
  deps.names.put(name, {
    manifest: found.manifestDigest,
    config: found.manifest.config.digest,
    platform,
    layers,
    kind: 'pulled',
    at: nowMs(),
  });
  return { name, manifest: found.manifestDigest, config: found.config, layers };
}

/** @param text `DIR`, `DIR:TAG` or `DIR@DIGEST` */
function resolveLayout(text: string, platform: Platform): ResolvedImage {
  const found = openLayout(text).resolve({ platform });
  const repository = `oci-layout://${found.dir}`;
  return {
    name: `oci-layout://${text}`,
    manifest: found.manifestDigest,
    config: found.config,
    layers: layerRefs(found.manifest, found.config, repository),
  };
}

function layerRefs(manifest: Manifest, config: ImageConfig, repository: string): LayerRef[] {
  const diffIDs = config.rootfs.diff_ids;
  if (diffIDs.length !== manifest.layers.length) {
    throw new BuildError(
      'image-invalid',
      `an image of ${repository} has ${manifest.layers.length} layers and ${diffIDs.length} diff_ids`,
    );
  }
  return manifest.layers.map(({ mediaType, digest, size }, index) => {
    const diffID = parseDiffID(diffIDs[index] ?? '');
    return {
      diffID,
      contentID: contentIDOf(diffID),
      blob: { mediaType, digest, size },
      verified: false,
      origins: [{ repository, digest }],
    };
  });
}
