import { setTimeout as sleepFor } from 'node:timers/promises';
import { digestOf } from '../../../cache/index.ts';
import { BuildError } from '../../errors.ts';
import { parseReference } from '../../image/oci/index.ts';
import { type Client, nameOf } from './client.ts';
import { canonicalHost } from './endpoints.ts';
import { type PushBlob, type Pushing, type PushOptions, persistently, pushBlobs } from './push-blob.ts';

export interface PushImage {
  /** Normalised references of one or more repositories. A reference without a tag, or `byDigest`, pushes no tag. */
  readonly names: readonly string[];
  readonly byDigest?: boolean | undefined;
  /** Certificates are not checked, and plain http is tried. */
  readonly insecure?: boolean | undefined;
  readonly manifest: Uint8Array;
  readonly mediaType: string;
  /** Config and layers. */
  readonly blobs: readonly PushBlob[];
}

/**
 * Gives registries the blobs that they lack, then the manifest, then its other tags: a name never means an image that is not there whole.
 * @throws BuildError registry-*
 */
export async function pushImage(client: Client, image: PushImage, options: PushOptions): Promise<void> {
  for (const [name, tags] of repositoriesOf(image)) {
    const slash = name.indexOf('/');
    const repository = { registry: name.slice(0, slash), path: name.slice(slash + 1) };
    const pushing = { client, repository, sleep: defaultSleep, ...options };
    await pushBlobs(pushing, image.blobs);
    for (const tag of tags) await persistently(pushing, () => putManifest(pushing, image, tag));
  }
}

/** Repository → the tags, or the digest, to put. */
function repositoriesOf({ names, byDigest, manifest }: PushImage): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, string[]>();
  for (const reference of names) {
    const { registry, repository, tag } = parseReference(reference);
    const name = `${canonicalHost(registry)}/${repository}`;
    const place = byDigest === true || tag === undefined ? digestOf(manifest) : tag;
    found.set(name, [...new Set([...(found.get(name) ?? []), place])]);
  }
  return found;
}

function defaultSleep(ms: number, signal: AbortSignal): Promise<void> {
  return sleepFor(ms, undefined, { signal });
}

/** Where the place has this very manifest already nothing is put: a registry may let nobody overwrite a tag, also by the same. */
async function putManifest(pushing: Pushing, image: PushImage, place: string): Promise<void> {
  const { client, repository, signal } = pushing;
  const digest = digestOf(image.manifest);
  if ((await digestAt(pushing, image, place)) === digest) return;
  const response = await client.ask({
    ...manifestAt(pushing, place),
    method: 'PUT',
    headers: { 'content-type': image.mediaType },
    body: image.manifest,
    signal,
  });
  await response.discard();
  const said = response.headers['docker-content-digest'];
  if (said !== undefined && said !== digest) {
    throw new BuildError('registry-error', `${nameOf(repository)}: the registry stored ${said} instead of ${digest}`);
  }
}

/** undefined: nothing is there, or the registry does not say. */
async function digestAt(pushing: Pushing, { mediaType }: PushImage, place: string): Promise<string | undefined> {
  const { client, signal } = pushing;
  const headers = { accept: `${mediaType}, */*;q=0.1` };
  try {
    const response = await client.ask({ ...manifestAt(pushing, place), method: 'HEAD', headers, signal });
    await response.discard();
    return response.headers['docker-content-digest'];
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof BuildError)) throw error;
    return undefined;
  }
}

function manifestAt({ repository }: Pushing, place: string) {
  return { repository, resource: `manifests/${place}`, what: `manifest ${place}`, access: 'pull,push' } as const;
}
