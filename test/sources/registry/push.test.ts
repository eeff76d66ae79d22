import { expect, test } from 'vitest';
import { digestOf } from '../../../cache/index.ts';
import { openHttp } from '../../../src/host/net/index.ts';
import { MEDIA } from '../../../src/image/oci/index.ts';
import {
  type CredentialSource,
  openRegistry,
  type PushBlob,
  type PushImage,
} from '../../../src/sources/registry/index.ts';
import { FakeRegistry } from '../../rig/fake-registry.ts';
import { MemoryContent } from '../../rig/memory-content.ts';

const { signal } = new AbortController();
const sleep = (): Promise<void> => Promise.resolve();
const layer = Buffer.alloc(100_000, 'layer');
const manifest = Buffer.from('{"schemaVersion":2}');

test('a manifest follows its blobs, under each of its tags', async () => {
  await using server = await FakeRegistry.start();
  const blob = memoryBlob(layer);
  await registryFor().push(image([`${server.host}/team/app:1`, `${server.host}/team/app:2`], [blob, blob]), {
    signal,
    sleep,
  });
  expect(server.blob(digestOf(layer))).toEqual(layer);
  expect([server.manifest('team/app/1'), server.manifest('team/app/2')]).toEqual([manifest, manifest]);
  const methods = server.requests.map(({ method }) => method);
  expect(methods).toEqual(['HEAD', 'POST', 'PUT', 'HEAD', 'HEAD', 'PUT', 'HEAD', 'PUT']);
  expect(blob.opened).toBe(1);
});

test('a blob that is there already is not read', async () => {
  await using server = await FakeRegistry.start();
  server.putBlob(layer);
  const blob = memoryBlob(layer);
  await registryFor().push(image([`${server.host}/app:1`], [blob]), { signal, sleep });
  expect(blob.opened).toBe(0);
});

test('another repository of the registry lends a blob', async () => {
  await using server = await FakeRegistry.start();
  server.putBlob(layer);
  server.fault = ({ method }) => (method === 'HEAD' ? { status: 404 } : undefined);
  const blob = { ...memoryBlob(layer), knownIn: ['docker.io/library/node', `${server.host}/library/node`] };
  await registryFor().push(image([`${server.host}/app:1`], [blob]), { signal, sleep });
  expect(server.requests[1]?.url).toContain(`mount=${encodeURIComponent(blob.digest)}&from=library%2Fnode`);
  expect(server.requests.filter(({ method }) => method === 'PUT')).toHaveLength(1);
});

test.each([401, 403, 404, 405, 500])('a loan that is answered with %i is not needed', async (status) => {
  await using server = await FakeRegistry.start();
  server.fault = ({ method, url }) => (method === 'POST' && url.includes('mount=') ? { status } : undefined);
  const blob = { ...memoryBlob(layer), knownIn: [`${server.host}/library/node`] };
  await registryFor().push(image([`${server.host}/app:1`], [blob]), { signal, sleep });
  expect(server.blob(digestOf(layer))).toEqual(layer);
});

test('a challenge with several ways and scopes is answered with one token for all scopes', async () => {
  await using server = await FakeRegistry.start();
  const header = `Negotiate, Basic realm="x", Bearer realm="${server.url}/token",scope="repository:a:pull,push repository:b:pull"`;
  server.fault = ({ url, authorization }) =>
    authorization === 'Bearer t0ken' || url.startsWith('/token')
      ? undefined
      : { status: 401, headers: { 'www-authenticate': header } };
  await registryFor(bob(server)).push(image([`${server.host}/a:1`], [memoryBlob(layer)]), { signal, sleep });
  const asked = server.requests.find(({ url }) => url.startsWith('/token'))?.url ?? '';
  expect(new URL(asked, server.url).searchParams.getAll('scope')).toEqual([
    'repository:a:pull,push',
    'repository:b:pull',
  ]);
});

test('by digest no tag is put', async () => {
  await using server = await FakeRegistry.start();
  await registryFor().push({ ...image([`${server.host}/app:1`], []), byDigest: true }, { signal, sleep });
  expect(server.manifest('app/1')).toBeUndefined();
  expect(server.manifest(`app/${digestOf(manifest)}`)).toEqual(manifest);
});

test.each(['token', 'basic'] as const)('%s: who pushes is proved once', async (auth) => {
  await using server = await FakeRegistry.start({ auth });
  await registryFor(bob(server)).push(image([`${server.host}/app:1`], [memoryBlob(layer)]), { signal, sleep });
  expect(server.requests.filter(({ url }) => url.startsWith('/token'))).toHaveLength(auth === 'token' ? 1 : 0);
  expect(server.manifest('app/1')).toEqual(manifest);
});

test('a 413 is answered with pieces', async () => {
  await using server = await FakeRegistry.start();
  server.fault = ({ method, url }) =>
    method === 'PUT' && url.includes('/uploads/') && server.requests.every((one) => one.method !== 'PATCH')
      ? { status: 413 }
      : undefined;
  const large = Buffer.alloc(40 * 1024 * 1024, 'x');
  const progress: number[] = [];
  await registryFor().push(image([`${server.host}/app:1`], [memoryBlob(large)]), {
    signal,
    sleep,
    onProgress: (done) => progress.push(done),
  });
  expect(server.requests.filter(({ method }) => method === 'PATCH')).toHaveLength(2);
  expect(server.blob(digestOf(large))?.length).toBe(large.length);
  expect(progress.at(-1)).toBe(large.length);
});

test.each([
  ['reset', 'registry-unreachable'],
  [{ status: 500 }, 'registry-error'],
] as const)('an upload that fails with %j is tried again, and given up in words', async (fault, code) => {
  await using server = await FakeRegistry.start();
  let faults = 1;
  server.fault = ({ method }) => (method === 'PUT' && faults-- > 0 ? fault : undefined);
  await registryFor().push(image([`${server.host}/app:1`], [memoryBlob(layer)]), { signal, sleep });
  expect(server.blob(digestOf(layer))).toEqual(layer);

  server.fault = ({ method }) => (method === 'POST' ? fault : undefined);
  const other = memoryBlob(Buffer.from('other'));
  await expect(registryFor().push(image([`${server.host}/app:2`], [other]), { signal, sleep })).rejects.toMatchObject({
    code,
  });
  expect(server.manifest('app/2')).toBeUndefined();
});

test.each(['reset', { status: 429 }, { status: 502 }] as const)(
  'a manifest that meets %j is put again',
  async (fault) => {
    await using server = await FakeRegistry.start();
    let faults = 3;
    server.fault = ({ method, url }) =>
      method === 'PUT' && url.includes('/manifests/') && faults-- > 0 ? fault : undefined;
    await registryFor().push(image([`${server.host}/app:1`], []), { signal, sleep });
    expect(server.manifest('app/1')).toEqual(manifest);
  },
);

test('a manifest that is refused is put once', async () => {
  await using server = await FakeRegistry.start();
  server.fault = ({ method }) => (method === 'PUT' ? { status: 400 } : undefined);
  await expect(registryFor().push(image([`${server.host}/app:1`], []), { signal, sleep })).rejects.toMatchObject({
    code: 'registry-error',
  });
  expect(server.requests.map(({ method }) => method)).toEqual(['HEAD', 'PUT']);
});

test.each([
  ['the same manifest', manifest, []],
  ['another one', Buffer.from('{}'), ['PUT']],
])('a tag that names %s', async (_, there, puts) => {
  await using server = await FakeRegistry.start();
  server.putManifest('app', there, { mediaType: MEDIA.ociManifest, tag: '1' });
  await registryFor().push(image([`${server.host}/app:1`], []), { signal, sleep });
  const methods = server.requests.map(({ method }) => method).filter((method) => method !== 'HEAD');
  expect(methods).toEqual(puts);
  expect(server.manifest('app/1')).toEqual(manifest);
});

test('a registry that does not say what a tag is now is given the manifest', async () => {
  await using server = await FakeRegistry.start();
  server.fault = ({ method }) => (method === 'HEAD' ? { status: 405 } : undefined);
  await registryFor().push(image([`${server.host}/app:1`], []), { signal, sleep });
  expect(server.manifest('app/1')).toEqual(manifest);
});

test.each([
  [{ status: 403 }, 'registry-denied'],
  [{ status: 202, headers: {} }, 'registry-error'],
] as const)('a registry that answers an upload with %j is told about', async (fault, code) => {
  await using server = await FakeRegistry.start();
  server.fault = ({ method }) => (method === 'POST' ? fault : undefined);
  await expect(
    registryFor().push(image([`${server.host}/app:1`], [memoryBlob(layer)]), { signal, sleep }),
  ).rejects.toMatchObject({ code });
});

test('a repository that is not there is told about as one', async () => {
  await using server = await FakeRegistry.start();
  const body = '{"errors":[{"code":"NAME_UNKNOWN","message":"no such repository"}]}';
  server.fault = ({ method }) => (method === 'POST' ? { status: 404, body } : undefined);
  await expect(
    registryFor().push(image([`${server.host}/app:1`], [memoryBlob(layer)]), { signal, sleep }),
  ).rejects.toMatchObject({
    code: 'registry-error',
    message: `${server.host} has no place for uploads of ${server.host}/app: NAME_UNKNOWN no such repository`,
    hint: expect.stringContaining('make the repository first') as string,
  });
});

test('an abort ends an upload with its reason', async () => {
  await using server = await FakeRegistry.start();
  const stop = new AbortController();
  const reason = new Error('stop');
  const blob = { ...memoryBlob(layer), open: endless(() => stop.abort(reason)) };
  await expect(registryFor().push(image([`${server.host}/app:1`], [blob]), { signal: stop.signal })).rejects.toBe(
    reason,
  );
});

function image(names: readonly string[], blobs: readonly PushBlob[]): PushImage {
  return { names, manifest, mediaType: MEDIA.ociManifest, blobs };
}

function memoryBlob(bytes: Buffer): PushBlob & { opened: number } {
  return {
    digest: digestOf(bytes),
    size: bytes.length,
    opened: 0,
    async *open(from, end) {
      this.opened++;
      yield bytes.subarray(from, end);
    },
  };
}

function endless(onSecond: () => void): PushBlob['open'] {
  return async function* () {
    yield Buffer.alloc(10);
    onSecond();
    yield Buffer.alloc(10);
    await new Promise(() => undefined);
  };
}

function bob(server: FakeRegistry): CredentialSource {
  return {
    find: (host) =>
      Promise.resolve(host === server.host ? { credential: { username: 'bob', password: 'secret' } } : {}),
  };
}

function registryFor(credentials: CredentialSource | ReadonlyMap<string, never> = new Map<string, never>()) {
  const http = openHttp({ proxyEnv: {}, userAgent: 'test/1', sleep: () => Promise.resolve() });
  return openRegistry({ http, content: new MemoryContent(), config: { registries: {} }, credentials, now: () => 0 });
}
