import { expect, test } from 'vitest';
import { digestOf } from '../../../cache/index.ts';
import { openHttp } from '../../../src/host/net/index.ts';
import { MEDIA, renderConfig } from '../../../src/image/oci/index.ts';
import { type Credentials, openRegistry, type RegistryConfig } from '../../../src/sources/registry/index.ts';
import { FakeRegistry } from '../../rig/fake-registry.ts';
import { MemoryContent } from '../../rig/memory-content.ts';

const signal = new AbortController().signal;
const amd64 = { os: 'linux', architecture: 'amd64' };
const arm64 = { os: 'linux', architecture: 'arm64' };

test('a tag becomes manifest, config and repository, kept in the content store', async () => {
  await using server = await FakeRegistry.start();
  const image = server.putImage('team/app', { tag: '1.0', layers: [Buffer.from('layer')] });
  const { registry, content } = setup();
  const found = await registry.resolve(`${server.host}/team/app:1.0`, { platform: amd64, signal });
  expect(found).toMatchObject({
    manifestDigest: image.manifestDigest,
    config: image.config,
    repository: `${server.host}/team/app`,
    platform: amd64,
  });
  expect(content.blobs.get(image.manifest.config.digest)).toEqual(renderConfig(image.config));
});

test('what was seen once costs one HEAD, and nothing when it is named by digest', async () => {
  await using server = await FakeRegistry.start();
  const { manifestDigest } = server.putImage('app', { tag: '1' });
  const { registry } = setup();
  await registry.resolve(`${server.host}/app:1`, { platform: amd64, signal });
  server.requests.length = 0;
  await registry.resolve(`${server.host}/app:1`, { platform: amd64, signal });
  await registry.resolve(`${server.host}/app:9@${manifestDigest}`, { platform: amd64, signal });
  expect(server.requests.map(({ method }) => method)).toEqual(['HEAD']);
});

test('an index gives the image of the platform, or says which there are', async () => {
  await using server = await FakeRegistry.start();
  const [one, two] = [server.putImage('app', { platform: amd64 }), server.putImage('app', { platform: arm64 })];
  server.putIndex(
    'app',
    [
      { image: one, platform: amd64 },
      { image: two, platform: arm64 },
    ],
    { tag: 'multi' },
  );
  const { registry } = setup();
  const name = `${server.host}/app:multi`;
  expect((await registry.resolve(name, { platform: arm64, signal })).manifestDigest).toBe(two.manifestDigest);
  await expect(
    registry.resolve(name, { platform: { os: 'linux', architecture: 's390x' }, signal }),
  ).rejects.toMatchObject({
    code: 'image-not-found',
    hint: expect.stringContaining('linux/amd64, linux/arm64') as string,
  });
});

test('one image for another platform is taken, and says what it is for', async () => {
  await using server = await FakeRegistry.start();
  server.putImage('app', { tag: '1', platform: arm64 });
  const { registry } = setup();
  expect((await registry.resolve(`${server.host}/app:1`, { platform: amd64, signal })).platform).toEqual(arm64);
});

test('a registry that tells no digest is asked for the manifest', async () => {
  await using server = await FakeRegistry.start();
  const image = server.putImage('app', { tag: '1' });
  server.fault = ({ method }) => (method === 'HEAD' ? { status: 405 } : undefined);
  const { registry } = setup();
  expect((await registry.resolve(`${server.host}/app:1`, { platform: amd64, signal })).manifestDigest).toBe(
    image.manifestDigest,
  );
});

test.each([
  ['token', true, new Map()],
  ['token', false, 'bob'],
  ['basic', false, 'bob'],
] as const)('%s authentication, anonymous %s', async (auth, anonymous, who) => {
  await using server = await FakeRegistry.start({ auth, anonymous });
  server.putImage('app', { tag: '1' });
  const credentials =
    who === 'bob'
      ? new Map([[`https://${server.host}/v1/`, { username: 'bob', password: 'secret' }]])
      : new Map<string, never>();
  const { registry } = setup({ credentials });
  await registry.resolve(`${server.host}/app:1`, { platform: amd64, signal });
  expect(server.requests.filter(({ url }) => url.startsWith('/token'))).toHaveLength(auth === 'token' ? 1 : 0);
});

test.each(['token', 'basic'] as const)(
  '%s: without or with wrong credentials it is denied, and says with which',
  async (auth) => {
    await using server = await FakeRegistry.start({ auth });
    const credentials = new Map([[server.host, { username: 'eve', password: 'hunter2' }]]);
    await expect(setup().registry.resolve(`${server.host}/app:1`, { platform: amd64, signal })).rejects.toMatchObject({
      code: 'registry-denied',
      message: expect.stringContaining('no credentials') as string,
    });
    const error = await setup({ credentials })
      .registry.resolve(`${server.host}/app:1`, { platform: amd64, signal })
      .catch((reason: unknown) => reason);
    expect((error as Error).message).toContain('user "eve"');
    expect(JSON.stringify(error) + (error as Error).message).not.toContain('hunter2');
  },
);

test.each([
  [{ status: 404, body: '{"errors":[{"code":"MANIFEST_UNKNOWN","message":"no\\u001b[31m such"}]}' }, 'image-not-found'],
  [{ status: 403 }, 'registry-denied'],
  [{ status: 429 }, 'registry-error'],
  [{ status: 500, body: '<html>' }, 'registry-error'],
  ['reset', 'registry-unreachable'],
] as const)('%j → %s', async (fault, code) => {
  await using server = await FakeRegistry.start();
  server.fault = () => fault;
  const error = await setup()
    .registry.resolve(`${server.host}/app:1`, { platform: amd64, signal })
    .catch((reason: unknown) => reason);
  expect(error).toMatchObject({ code });
  expect((error as Error).message).toContain(server.host);
  expect((error as Error).message).not.toContain('\u001b');
});

test('bytes that are not what their digest says are refused and not kept', async () => {
  await using server = await FakeRegistry.start();
  const { manifestDigest } = server.putImage('app', { tag: '1' });
  server.fault = ({ url, method }) =>
    method === 'GET' && url.includes('/manifests/')
      ? { status: 200, body: '{"schemaVersion":2,"layers":[]}' }
      : undefined;
  const { registry, content } = setup();
  await expect(registry.resolve(`${server.host}/app:1`, { platform: amd64, signal })).rejects.toMatchObject({
    code: 'image-invalid',
  });
  expect(content.has(manifestDigest)).toBe(false);
});

test('a manifest of 5 MB is refused', async () => {
  await using server = await FakeRegistry.start();
  server.fault = ({ method }) => ({ status: 200, body: method === 'HEAD' ? '' : Buffer.alloc(5 << 20, 0x20) });
  await expect(setup().registry.resolve(`${server.host}/app:1`, { platform: amd64, signal })).rejects.toMatchObject({
    code: 'image-invalid',
  });
});

test('what is no container image is refused in words', async () => {
  await using server = await FakeRegistry.start();
  const config = server.putBlob(Buffer.from('{}'));
  const chart = {
    schemaVersion: 2,
    mediaType: MEDIA.ociManifest,
    config: { mediaType: 'application/vnd.cncf.helm.config.v1+json', digest: config, size: 2 },
    layers: [],
  };
  server.putManifest('chart', Buffer.from(JSON.stringify(chart)), { mediaType: MEDIA.ociManifest, tag: '1' });
  await expect(setup().registry.resolve(`${server.host}/chart:1`, { platform: amd64, signal })).rejects.toThrow(
    /not a container image but application\/vnd.cncf.helm/,
  );
});

test('a blob is fetched once however many wait, and taken up where the connection broke', async () => {
  await using server = await FakeRegistry.start();
  const bytes = Buffer.alloc(300_000, 'abc');
  const digest = server.putBlob(bytes);
  let first = true;
  server.fault = () => {
    if (!first) return undefined;
    first = false;
    return { cutAfter: 100_000 };
  };
  const { registry, content } = setup();
  const blob = { repository: `${server.host}/app`, digest, size: bytes.length };
  const progress: number[] = [];
  await Promise.all([
    registry.fetchBlob(blob, { signal, onProgress: (done) => progress.push(done) }),
    registry.fetchBlob(blob, { signal }),
  ]);
  await registry.fetchBlob(blob, { signal });
  expect(Buffer.compare(content.blobs.get(digest) ?? Buffer.alloc(0), bytes)).toBe(0);
  expect(server.requests.map(({ range }) => range?.replace(/\d+/, 'N'))).toEqual([undefined, 'bytes=N-']);
  expect(progress.at(-1)).toBe(bytes.length);
});

test('a blob that is longer than its manifest says is not read to the end', async () => {
  await using server = await FakeRegistry.start();
  const digest = server.putBlob(Buffer.alloc(100_000));
  const { registry, content } = setup();
  await expect(
    registry.fetchBlob({ repository: `${server.host}/app`, digest, size: 10 }, { signal }),
  ).rejects.toMatchObject({ code: 'image-invalid' });
  expect(content.has(digest)).toBe(false);
});

test('a blob with other bytes than its digest says is refused', async () => {
  await using server = await FakeRegistry.start();
  const digest = server.putBlob(Buffer.from('bytes'));
  server.fault = () => ({ status: 200, body: 'other' });
  const { registry, content } = setup();
  const blob = { repository: `${server.host}/app`, digest, size: 5 };
  await expect(registry.fetchBlob(blob, { signal })).rejects.toMatchObject({ code: 'image-invalid' });
  expect(content.has(digest)).toBe(false);
});

test('one waiter that leaves does not stop the others; the last one does', async () => {
  await using server = await FakeRegistry.start();
  const digest = server.putBlob(Buffer.from('bytes'));
  const { registry, content } = setup();
  const blob = { repository: `${server.host}/app`, digest, size: 5 };
  const [leaves, stays] = [new AbortController(), new AbortController()];
  const left = registry.fetchBlob(blob, { signal: leaves.signal });
  const stayed = registry.fetchBlob(blob, { signal: stays.signal });
  leaves.abort(new Error('gone'));
  await expect(left).rejects.toThrow('gone');
  await stayed;
  expect(content.has(digest)).toBe(true);
});

test('a blob of another length than it should have is fetched', async () => {
  await using server = await FakeRegistry.start();
  const digest = server.putBlob(Buffer.from('bytes'));
  const { registry, content } = setup();
  content.blobs.set(digest, Buffer.from('byt'));
  await registry.fetchBlob({ repository: `${server.host}/app`, digest, size: 5 }, { signal });
  expect(content.readBytes(digest)?.toString()).toBe('bytes');
});

test('mirrors are asked first; when they fail the registry itself is', async () => {
  await using server = await FakeRegistry.start();
  await using mirror = await FakeRegistry.start();
  const image = server.putImage('app', { tag: '1' });
  const config = { registries: { [server.host]: { mirrors: ['http://127.0.0.1:1', mirror.url] } } };
  const { registry } = setup({ config });
  expect((await registry.resolve(`${server.host}/app:1`, { platform: amd64, signal })).manifestDigest).toBe(
    image.manifestDigest,
  );
  expect(mirror.requests.length).toBeGreaterThan(0);
  server.requests.length = 0;
  mirror.putImage('app', { tag: '1' });
  await setup({ config }).registry.resolve(`${server.host}/app:1`, { platform: amd64, signal });
  expect(server.requests).toEqual([]);
});

test.each([
  ['', '/v2/'],
  ['/', '/v2/'],
  ['/hub', '/v2/hub/'],
  ['/team/hub/', '/v2/team/hub/'],
])('the path %j of a mirror stands before names, and it is told whose image is meant', async (path, base) => {
  await using mirror = await FakeRegistry.start();
  const blob = mirror.putBlob(Buffer.from('layer'));
  mirror.putImage(`${base.slice('/v2/'.length)}library/node`, { tag: '20' });
  mirror.fault = ({ url }) =>
    new URL(url, mirror.url).searchParams.get('ns') === 'docker.io' ? undefined : { status: 404 };
  const { registry } = setup({ config: { registries: { 'docker.io': { mirrors: [`${mirror.url}${path}`] } } } });
  await registry.resolve('docker.io/library/node:20', { platform: amd64, signal });
  await registry.fetchBlob({ repository: 'docker.io/library/node', digest: blob, size: 5 }, { signal });
  for (const { url } of mirror.requests) expect(url.startsWith(`${base}library/node/`)).toBe(true);
});

test('docker.io has a mirror under any of its names', async () => {
  await using mirror = await FakeRegistry.start();
  mirror.putImage('library/node', { tag: '20' });
  const { registry } = setup({ config: { registries: { 'index.docker.io': { mirrors: [mirror.url] } } } });
  expect((await registry.resolve('docker.io/library/node:20', { platform: amd64, signal })).repository).toBe(
    'docker.io/library/node',
  );
});

test.each([true, false])(
  'a registry that another one redirects to asks for its own credentials (anonymous: %s)',
  async (anonymous) => {
    await using front = await FakeRegistry.start();
    await using server = await FakeRegistry.start({ auth: 'token', anonymous });
    const blob = server.putBlob(Buffer.from('layer'));
    server.putImage('app', { tag: '1' });
    front.fault = ({ url }) => ({ status: 307, headers: { location: `${server.url}${url}` } });
    const credentials = new Map([
      [front.host, { username: 'eve', password: 'hunter2' }],
      ...(anonymous ? [] : [[server.host, { username: 'bob', password: 'secret' }] as const]),
    ]);
    const { registry } = setup({ credentials });
    await registry.resolve(`${front.host}/app:1`, { platform: amd64, signal });
    await registry.fetchBlob({ repository: `${front.host}/app`, digest: blob, size: 5 }, { signal });
    expect(server.requests.filter(({ url }) => url.startsWith('/token'))).toHaveLength(1);
    const basic = `Basic ${Buffer.from('eve:hunter2').toString('base64')}`;
    expect(server.requests.filter(({ authorization }) => authorization === basic)).toEqual([]);
  },
);

test('a registry token is given as it is', async () => {
  await using server = await FakeRegistry.start({ auth: 'token' });
  server.putImage('app', { tag: '1' });
  const credentials = new Map([[server.host, { username: '', password: '', registryToken: 't0ken' }]]);
  await setup({ credentials }).registry.resolve(`${server.host}/app:1`, { platform: amd64, signal });
  expect(server.requests.filter(({ url }) => url.startsWith('/token'))).toEqual([]);
});

test('an unreachable registry is named with its cause and a hint', async () => {
  await expect(
    setup().registry.resolve('no-such-registry.invalid/app:1', { platform: amd64, signal }),
  ).rejects.toMatchObject({
    code: 'registry-unreachable',
    message: expect.stringMatching(/no-such-registry\.invalid/) as string,
    hint: expect.any(String) as string,
  });
});

test('digests of other kinds and references without registry are refused', async () => {
  const { registry } = setup();
  await expect(
    registry.resolve(`x.example/app@sha512:${'a'.repeat(128)}`, { platform: amd64, signal }),
  ).rejects.toMatchObject({ code: 'reference-invalid' });
  await expect(
    registry.fetchBlob({ repository: 'app', digest: digestOf(''), size: 0 }, { signal }),
  ).rejects.toMatchObject({ code: 'reference-invalid' });
});

function setup(options: { config?: RegistryConfig; credentials?: Credentials } = {}) {
  const content = new MemoryContent();
  const http = openHttp({ proxyEnv: {}, userAgent: 'test/1', sleep: async () => undefined });
  const { config = { registries: {} }, credentials = new Map<string, never>() } = options;
  return { content, registry: openRegistry({ http, content, config, credentials, now: () => 0 }) };
}
