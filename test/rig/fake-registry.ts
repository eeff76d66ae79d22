import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Digest, digestOf } from '../../cache/index.ts';
import {
  type ImageConfig,
  type Index,
  type Manifest,
  MEDIA,
  type Platform,
  renderConfig,
  renderIndex,
  renderManifest,
} from '../../src/image/oci/index.ts';

/** What a fault does to one request: answer otherwise, cut the connection, or cut it after so many bytes of the body; or say no more. */
export type Fault =
  | { readonly status: number; readonly headers?: Record<string, string>; readonly body?: string | Uint8Array }
  | 'reset'
  | { readonly cutAfter: number; readonly isLeftOpen?: boolean };

type Cut = Extract<Fault, { readonly cutAfter: number }>;

export interface FakeRegistryOptions {
  /** none unless said otherwise; token and basic ask for bob:secret, or let anybody in when `anonymous` is set. */
  readonly auth?: 'none' | 'token' | 'basic';
  readonly anonymous?: boolean;
}

export interface SeenRequest {
  readonly method: string;
  readonly url: string;
  readonly authorization: string | undefined;
  readonly range: string | undefined;
}

export interface FakeImage {
  readonly manifestDigest: Digest;
  readonly manifest: Manifest;
  readonly config: ImageConfig;
}

/** An in-process registry (distribution spec) that counts what it is asked and fails as told. */
export class FakeRegistry implements AsyncDisposable {
  readonly requests: SeenRequest[] = [];
  /** Asked before each answer; undefined: answer truly. */
  fault: (request: SeenRequest) => Fault | undefined = () => undefined;
  readonly #server: Server;
  readonly #options: FakeRegistryOptions;
  readonly #blobs = new Map<string, Uint8Array>();
  readonly #manifests = new Map<string, { bytes: Uint8Array; mediaType: string }>();
  readonly #uploads = new Map<string, Uint8Array[]>();

  private constructor(server: Server, options: FakeRegistryOptions) {
    this.#server = server;
    this.#options = options;
  }

  static async start(options: FakeRegistryOptions = {}): Promise<FakeRegistry> {
    const server = createServer();
    const registry = new FakeRegistry(server, options);
    server.on('request', (request, response) => registry.#serve(request, response));
    await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
    return registry;
  }

  /** `127.0.0.1:34567` */
  get host(): string {
    return `127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  get url(): string {
    return `http://${this.host}`;
  }

  blob(digest: string): Uint8Array | undefined {
    return this.#blobs.get(digest);
  }

  /** Under `repository/tag` or `repository/digest`. */
  manifest(name: string): Uint8Array | undefined {
    return this.#manifests.get(name)?.bytes;
  }

  putBlob(bytes: Uint8Array): Digest {
    const digest = digestOf(bytes);
    this.#blobs.set(digest, bytes);
    return digest;
  }

  /** Under its digest and, when given, a tag. */
  putManifest(repository: string, bytes: Uint8Array, { mediaType, tag }: { mediaType: string; tag?: string }): Digest {
    const digest = digestOf(bytes);
    for (const name of [digest, ...(tag === undefined ? [] : [tag])])
      this.#manifests.set(`${repository}/${name}`, { bytes, mediaType });
    return digest;
  }

  /** An image of the given compressed layers; diffIDs are made up from them unless given. */
  putImage(
    repository: string,
    options: {
      tag?: string;
      layers?: readonly Uint8Array[];
      diffIDs?: readonly string[];
      platform?: Platform;
      hasHistory?: boolean;
    } = {},
  ): FakeImage {
    const { layers = [], platform = { os: 'linux', architecture: 'amd64' } } = options;
    const { os, architecture, variant } = platform;
    const diff_ids = options.diffIDs ?? layers.map((layer) => digestOf(Buffer.concat([Buffer.from('plain '), layer])));
    const config: ImageConfig = {
      architecture,
      os,
      ...(variant === undefined ? {} : { variant }),
      config: { Env: ['A=b'] },
      rootfs: { type: 'layers', diff_ids },
      ...(options.hasHistory === true ? { history: diff_ids.map(() => ({ created_by: 'ADD' })) } : {}),
    };
    const configBytes = renderConfig(config);
    const manifest: Manifest = {
      schemaVersion: 2,
      mediaType: MEDIA.ociManifest,
      config: { mediaType: MEDIA.ociConfig, digest: this.putBlob(configBytes), size: configBytes.length },
      layers: layers.map((layer) => ({
        mediaType: MEDIA.ociLayerGzip,
        digest: this.putBlob(layer),
        size: layer.length,
      })),
    };
    const bytes = renderManifest(manifest);
    const tag = options.tag === undefined ? {} : { tag: options.tag };
    return {
      manifestDigest: this.putManifest(repository, bytes, { mediaType: MEDIA.ociManifest, ...tag }),
      manifest,
      config,
    };
  }

  putIndex(
    repository: string,
    images: readonly { image: FakeImage; platform: Platform }[],
    { tag }: { tag: string },
  ): Digest {
    const index: Index = {
      schemaVersion: 2,
      mediaType: MEDIA.ociIndex,
      manifests: images.map(({ image, platform }) => ({
        mediaType: MEDIA.ociManifest,
        digest: image.manifestDigest,
        size: renderManifest(image.manifest).length,
        platform,
      })),
    };
    return this.putManifest(repository, renderIndex(index), { mediaType: MEDIA.ociIndex, tag });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((done) => this.#server.close(done));
  }

  #serve(request: IncomingMessage, response: ServerResponse): void {
    const { method = 'GET', url = '/', headers } = request;
    const seen: SeenRequest = { method, url, authorization: headers.authorization, range: headers.range };
    this.requests.push(seen);
    const fault = this.fault(seen);
    if (fault === 'reset') return void request.socket.destroy();
    if (fault !== undefined && 'status' in fault)
      return void response.writeHead(fault.status, fault.headers).end(fault.body ?? '');
    if (url.startsWith('/token')) this.#token(seen, response);
    else if (!this.#isLetIn(seen)) this.#challenge(response);
    else if (method === 'POST' || method === 'PUT' || method === 'PATCH')
      void bodyOf(request).then((body) => this.#take(seen, { body, type: headers['content-type'] ?? '' }, response));
    else this.#answer(seen, response, fault);
  }

  #isLetIn({ authorization }: SeenRequest): boolean {
    const { auth = 'none' } = this.#options;
    if (auth === 'none') return true;
    return authorization === (auth === 'token' ? 'Bearer t0ken' : BOB);
  }

  #challenge(response: ServerResponse): void {
    const challenge =
      this.#options.auth === 'basic'
        ? 'Basic realm="fake"'
        : `Bearer realm="${this.url}/token",service="fake",scope="repository:x:pull"`;
    response
      .writeHead(401, { 'www-authenticate': challenge })
      .end('{"errors":[{"code":"UNAUTHORIZED","message":"authentication required"}]}');
  }

  #token({ authorization }: SeenRequest, response: ServerResponse): void {
    const isLetIn = authorization === BOB || (authorization === undefined && this.#options.anonymous === true);
    if (!isLetIn) return void response.writeHead(401).end('{}');
    response.writeHead(200, { 'content-type': 'application/json' }).end('{"token":"t0ken","expires_in":300}');
  }

  /** Uploads, mounts and manifests. */
  #take({ method, url }: SeenRequest, sent: { body: Buffer; type: string }, response: ServerResponse): void {
    const { pathname, searchParams } = new URL(url, this.url);
    const [, repository = '', kind = '', name = ''] =
      /^\/v2\/(.+)\/(manifests|blobs\/uploads)\/([^/]*)$/.exec(pathname) ?? [];
    if (kind === 'manifests') {
      const named = name.startsWith('sha256:') ? {} : { tag: name };
      const digest = this.putManifest(repository, sent.body, { mediaType: sent.type, ...named });
      return void response.writeHead(201, { 'docker-content-digest': digest }).end();
    }
    if (method === 'POST') {
      if (this.#blobs.has(searchParams.get('mount') ?? '')) return void response.writeHead(201).end();
      const id = String(this.#uploads.size);
      this.#uploads.set(id, []);
      return void response.writeHead(202, { location: `/v2/${repository}/blobs/uploads/${id}` }).end();
    }
    this.#uploads.get(name)?.push(sent.body);
    if (method === 'PATCH') return void response.writeHead(202, { location: pathname }).end();
    const bytes = Buffer.concat(this.#uploads.get(name) ?? []);
    const isRight = digestOf(bytes) === searchParams.get('digest');
    if (isRight) this.putBlob(bytes);
    response.writeHead(isRight ? 201 : 400).end();
  }

  #answer({ method, url, range }: SeenRequest, response: ServerResponse, cut: Cut | undefined): void {
    const match = /^\/v2\/(.+)\/(manifests|blobs)\/([^/?]+)(?:\?.*)?$/.exec(url);
    const [, repository = '', kind, name = ''] = match ?? [];
    const found =
      kind === 'blobs'
        ? { bytes: this.#blobs.get(name), mediaType: 'application/octet-stream' }
        : this.#manifests.get(`${repository}/${name}`);
    if (found?.bytes === undefined)
      return void response.writeHead(404).end('{"errors":[{"code":"MANIFEST_UNKNOWN","message":"manifest unknown"}]}');
    const from = Number(/^bytes=(\d+)-$/.exec(range ?? '')?.[1] ?? 0);
    const body = found.bytes.subarray(from);
    response.writeHead(from === 0 ? 200 : 206, {
      'content-type': found.mediaType,
      'content-length': body.length,
      ...(from === 0 ? {} : { 'content-range': `bytes ${from}-${found.bytes.length - 1}/${found.bytes.length}` }),
      ...(kind === 'manifests' ? { 'docker-content-digest': digestOf(found.bytes) } : {}),
    });
    if (method === 'HEAD') return void response.end();
    if (cut === undefined) return void response.end(body);
    response.write(body.subarray(0, cut.cutAfter), () => {
      if (cut.isLeftOpen !== true) response.destroy();
    });
  }
}

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

const BOB = `Basic ${Buffer.from('bob:secret').toString('base64')}`;
