import { ContentMismatch, type Digest, digestOf, isDigest } from '../../../cache/index.ts';
import { BuildError } from '../../errors.ts';
import type { Http } from '../../host/net/index.ts';
import {
  type ImageConfig,
  MAX_CONFIG_BYTES,
  MAX_MANIFEST_BYTES,
  type Manifest,
  MEDIA,
  type Platform,
  parseReference,
} from '../../image/oci/index.ts';
import { Authorizer } from './auth.ts';
import { type Client, makeClient, nameOf, type Repository, repositoryOf } from './client.ts';
import type { RegistryConfig } from './config.ts';
import { type CredentialSource, type Credentials, credentialsOf } from './credentials.ts';
import { canonicalHost } from './endpoints.ts';
import { blobBytes, type FetchOptions } from './fetch-blob.ts';
import { type PushImage, pushImage } from './push.ts';
import type { PushOptions } from './push-blob.ts';
import { resolveManifest } from './resolve.ts';
import { SharedWork } from './shared-work.ts';

export interface ResolvedReference {
  /** Of the image for the platform, not of the index that lists it. */
  readonly manifestDigest: Digest;
  readonly manifest: Manifest;
  readonly config: ImageConfig;
  /** `docker.io/library/node` */
  readonly repository: string;
  /** What the image is for; differs from what was asked for when the reference names one image for another platform. */
  readonly platform: Platform;
}

export interface Registry {
  /**
   * Asks what a normalised reference means now. Manifests and configs are kept in the content store, so that a digest that
   * was seen once needs no network. Layers are not fetched.
   * @throws BuildError image-not-found, image-invalid, registry-unreachable, registry-denied, registry-error
   */
  resolve(
    reference: string,
    options: { readonly platform: Platform; readonly signal: AbortSignal },
  ): Promise<ResolvedReference>;
  /**
   * Brings a blob into the content store, verified, once however many wait for it: `through` and `onVerified` are those of the first.
   * @throws as resolve
   */
  fetchBlob(
    blob: { readonly repository: string; readonly digest: Digest; readonly size: number },
    options: FetchOptions,
  ): Promise<void>;
  /** Gives an image to the registries of its names. @throws BuildError registry-unreachable, registry-denied, registry-error */
  push(image: PushImage, options: PushOptions): Promise<void>;
}

/** What the registry needs of the content store. */
export interface RegistryContent {
  has(digest: Digest, length?: number): boolean;
  /** undefined when it is not here. */
  readBytes(digest: Digest, options: { readonly maxBytes: number }): Uint8Array | undefined;
  putBytes(bytes: Uint8Array): Digest;
  put(
    source: AsyncIterable<Uint8Array>,
    options: {
      readonly expected?: { readonly digest: Digest; readonly size?: number };
      readonly onVerified?: (() => void) | undefined;
      readonly signal: AbortSignal;
    },
  ): Promise<unknown>;
}

export interface RegistryOptions {
  readonly http: Http;
  readonly content: RegistryContent;
  readonly config: RegistryConfig;
  readonly credentials: Credentials | CredentialSource;
  readonly now: () => number;
}

export function openRegistry({ http, content, config, credentials, now }: RegistryOptions): Registry {
  const authorizer = new Authorizer({ http, credentials: credentialsOf(credentials), now });
  const client = makeClient({ http, config, authorizer });
  const blobs = new SharedWork();
  return {
    resolve: (reference, options) => resolveReference(reference, { client, content, ...options }),
    push: (image, options) =>
      pushImage(
        image.insecure === true ? makeClient({ http, config: openTo(image.names, config), authorizer }) : client,
        image,
        options,
      ),
    async fetchBlob({ repository, digest, size }, options) {
      const { onProgress, onVerified, through = (bytes: AsyncIterable<Uint8Array>) => bytes } = options;
      if (content.has(digest, size)) return;
      const blob = { repository: repositoryOf(repository), digest, size };
      await blobs.join(digest, options.signal, async (signal) => {
        const source = through(blobBytes(client, blob, { signal, onProgress }));
        try {
          await content.put(source, { expected: { digest, size }, onVerified, signal });
        } catch (error) {
          if (!(error instanceof ContentMismatch)) throw error;
          throw new BuildError('image-invalid', `blob ${digest} of ${repository}: ${error.message}`, { cause: error });
        }
      });
    },
  };
}

/** The config with the registries of these names not checked. */
function openTo(names: readonly string[], config: RegistryConfig): RegistryConfig {
  const hosts = names.map((name) => parseReference(name).registry);
  const open = hosts.map((host) => [host, { ...config.registries[host], insecure: true }] as const);
  return { registries: { ...config.registries, ...Object.fromEntries(open) } };
}

interface Request {
  readonly client: Client;
  readonly content: RegistryContent;
  readonly platform: Platform;
  readonly signal: AbortSignal;
}

async function resolveReference(reference: string, request: Request): Promise<ResolvedReference> {
  const { content, platform } = request;
  const { registry, repository: path, tag = 'latest', digest } = parseReference(reference);
  const repository = { registry: canonicalHost(registry), path };
  const top = digest ?? (await digestOfTag(repository, tag, request));
  const read = async ({
    digest: wanted,
    kind,
  }: {
    digest: Digest;
    kind: 'manifest' | 'config';
  }): Promise<Uint8Array> => {
    const maxBytes = kind === 'manifest' ? MAX_MANIFEST_BYTES : MAX_CONFIG_BYTES;
    const here = content.readBytes(wanted, { maxBytes });
    if (here !== undefined && digestOf(here) === wanted) return here;
    const resource = kind === 'manifest' ? `manifests/${wanted}` : `blobs/${wanted}`;
    const { bytes } = await askBytes({ repository, resource, what: `${kind} ${wanted}`, maxBytes }, request);
    if (digestOf(bytes) === wanted) content.putBytes(bytes);
    return bytes;
  };
  const found = await resolveManifest(top, read, { platform, name: reference });
  return { ...found, repository: nameOf(repository) };
}

/** HEAD first, which registries do not count as a pull; where it does not tell the digest, the manifest itself does. */
async function digestOfTag(repository: Repository, tag: string, request: Request): Promise<Digest> {
  const { client, content, signal } = request;
  const resource = `manifests/${tag}`;
  const what = `tag ${tag}`;
  try {
    const head = await client.ask({ repository, method: 'HEAD', resource, what, headers: ACCEPT, signal });
    await head.discard();
    const claimed = head.headers['docker-content-digest'];
    if (claimed !== undefined && isDigest(claimed)) return claimed;
  } catch (error) {
    if (!(error instanceof BuildError) || error.code !== 'registry-error') throw error;
  }
  const { bytes, claimed } = await askBytes({ repository, resource, what, maxBytes: MAX_MANIFEST_BYTES }, request);
  const digest = digestOf(bytes);
  if (claimed !== undefined && isDigest(claimed) && claimed !== digest) {
    throw new BuildError(
      'image-invalid',
      `${nameOf(repository)}:${tag}: the registry sent a manifest that is not the one it names`,
    );
  }
  content.putBytes(bytes);
  return digest;
}

interface SmallBlob {
  readonly repository: Repository;
  readonly resource: string;
  readonly what: string;
  readonly maxBytes: number;
}

async function askBytes(
  { maxBytes, ...blob }: SmallBlob,
  { client, signal }: Request,
): Promise<{ bytes: Buffer; claimed: string | undefined }> {
  const isManifest = blob.resource.startsWith('manifests/');
  const answer = await client.askBytes({ ...blob, headers: isManifest ? ACCEPT : {}, signal }, maxBytes);
  if (answer === undefined)
    throw new BuildError(
      'image-invalid',
      `the ${blob.what} of ${nameOf(blob.repository)} is larger than ${maxBytes} bytes`,
    );
  return { bytes: answer.bytes, claimed: answer.headers['docker-content-digest'] };
}

const ACCEPT = {
  accept: [MEDIA.ociIndex, MEDIA.ociManifest, MEDIA.dockerIndex, MEDIA.dockerManifest, '*/*;q=0.1'].join(', '),
};
