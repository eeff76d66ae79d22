import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openRoot, type Root } from '../../../cache/index.ts';
import { BuildError } from '../../../src/errors.ts';
import { openQuickSignature } from '../../../src/host/fs/index.ts';
import { openHttp } from '../../../src/host/net/index.ts';
import { fileLocks } from '../../../src/host/sys/index.ts';
import { openRegistry, type Registry } from '../../../src/sources/registry/index.ts';
import { type FakeImage, FakeRegistry } from '../../rig/fake-registry.ts';
import { type Damage, FaultProxy, type ProxiedRequest } from '../../rig/fault-proxy.ts';

const platform = { os: 'linux', architecture: 'amd64' };
const signal = new AbortController().signal;
const LAYER = Buffer.from(Array.from({ length: 300_000 }, (_, index) => (index * 7919) % 251));

let dir: string;
let root: Root;
let upstream: FakeRegistry;
let proxy: FaultProxy;
let image: FakeImage;
let registry: Registry;
/** Virtual: sleeping and dripping move it, nothing waits. */
let clock: { ms: number; slept: number[] };
let dispose: () => Promise<void>;

beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'faults-'));
  root = await openRoot(dir, {
    locks: fileLocks,
    now: () => 0,
    quickSignature: await openQuickSignature(),
    onWarning: () => undefined,
  });
  upstream = await FakeRegistry.start();
  proxy = await FaultProxy.start(upstream.host);
  image = upstream.putImage('app', { tag: '1', layers: [LAYER] });
  clock = { ms: 0, slept: [] };
  const http = openHttp({
    proxyEnv: {},
    userAgent: 'test/1',
    sleep: (ms) => {
      clock.ms += ms;
      clock.slept.push(ms);
      return Promise.resolve();
    },
    elapsedMs: () => clock.ms,
  });
  const config = { registries: {} };
  registry = openRegistry({ http, content: root.content, config, credentials: new Map(), now: () => clock.ms });
  dispose = async () => {
    await http[Symbol.asyncDispose]();
    await proxy[Symbol.asyncDispose]();
    await upstream[Symbol.asyncDispose]();
    await root[Symbol.asyncDispose]();
    rmSync(dir, { recursive: true, force: true });
  };
});
afterEach(() => dispose());

type Kind = 'HEAD' | 'manifest' | 'config' | 'blob';

function kindOf({ method, url }: ProxiedRequest): Kind {
  if (method === 'HEAD') return 'HEAD';
  if (url.includes('/manifests/')) return 'manifest';
  return url.endsWith(image.manifest.config.digest) ? 'config' : 'blob';
}

/** Damages answers of one kind, the first `times` of them. */
function damage(kind: Kind, how: Damage, times = Number.POSITIVE_INFINITY): void {
  let left = times;
  proxy.damage = (asked) => (kindOf(asked) === kind && left-- > 0 ? how : undefined);
}

/** What a build does: the image's manifest and config, then its layer. */
async function pull(): Promise<unknown> {
  const outcome = await pulled().catch((error: unknown) => error);
  expectNothingBad();
  return outcome;
}

async function pulled(): Promise<'pulled'> {
  const { manifest, repository } = await registry.resolve(`${proxy.host}/app:1`, { platform, signal });
  for (const { digest, size } of manifest.layers) await registry.fetchBlob({ repository, digest, size }, { signal });
  expect(readFileSync(root.content.path(image.manifest.layers[0]?.digest ?? image.manifestDigest)).equals(LAYER)).toBe(
    true,
  );
  return 'pulled';
}

/** Whatever happened: every blob in the store has the bytes that its name says, and nothing is on its way. */
function expectNothingBad(): void {
  const store = join(dir, 'content/v1/sha256');
  for (const name of readdirSync(store, { recursive: true }).map(String)) {
    const file = join(store, name);
    if (!statSync(file).isFile()) continue;
    expect(createHash('sha256').update(readFileSync(file)).digest('hex')).toBe(name.split('/').at(-1));
  }
  expect(readdirSync(join(dir, 'tmp'))).toEqual([]);
}

describe.each(['manifest', 'config', 'blob'] as const)('one fault in the answer for the %s', (kind) => {
  test.each<Damage>([
    { kind: 'answer', status: 429, headers: { 'retry-after': '3' } },
    { kind: 'answer', status: 429 },
    { kind: 'answer', status: 500, body: '<html>' },
    { kind: 'answer', status: 503 },
    { kind: 'reset' },
    { kind: 'reset', after: 40 },
    { kind: 'wrong-length', by: 10 },
  ])('%j is asked for again', async (how) => {
    damage(kind, how, 1);
    expect(await pull()).toBe('pulled');
    // All bytes of the blob came: what else was announced matters only when it is noticed before they are read.
    const isWhole = kind === 'blob' && how.kind === 'wrong-length';
    if (!isWhole) expect(clock.slept.length).toBeGreaterThan(0);
    if (how.kind === 'answer' && how.headers !== undefined) expect(clock.slept).toEqual([3000]);
  });
});

describe.each(['HEAD', 'manifest', 'config', 'blob'] as const)('the %s is never right', (kind) => {
  test.each<readonly [Damage, string]>([
    [{ kind: 'answer', status: 401 }, 'registry-denied'],
    [{ kind: 'answer', status: 401, headers: { 'www-authenticate': 'Basic realm="x"' } }, 'registry-denied'],
    [{ kind: 'answer', status: 403 }, 'registry-denied'],
    [{ kind: 'answer', status: 404 }, 'image-not-found'],
    [{ kind: 'answer', status: 429, headers: { 'retry-after': '86400' } }, 'registry-error'],
    [{ kind: 'answer', status: 500 }, 'registry-error'],
    [{ kind: 'answer', status: 418 }, 'registry-error'],
    [{ kind: 'reset' }, 'registry-unreachable'],
  ])('%j: %s', async (how, code) => {
    damage(kind, how);
    // a registry that knows no HEAD is asked for the manifest itself
    if (kind === 'HEAD' && code === 'registry-error') expect(await pull()).toBe('pulled');
    else await expectError(code);
  });
});

describe.each(['manifest', 'config', 'blob'] as const)('bytes of the %s that are never right', (kind) => {
  test.each<readonly [Damage, string]>([
    [{ kind: 'reset', after: 1 }, 'registry-unreachable'],
    [{ kind: 'wrong-length', by: 1 }, 'registry-unreachable'],
    [{ kind: 'truncate', at: 5 }, 'image-invalid'],
    [{ kind: 'truncate', at: 0 }, 'image-invalid'],
    [{ kind: 'flip', at: 30 }, 'image-invalid'],
    [{ kind: 'endless' }, 'image-invalid'],
  ])('%j: %s', async (how, code) => {
    damage(kind, how);
    if (kind === 'blob' && how.kind === 'wrong-length') expect(await pull()).toBe('pulled');
    else await expectError(code);
    expect(proxy.sentBytes).toBeLessThan(40 << 20);
  });

  test('a drip is given up, by a clock that nobody waits for', async () => {
    const onByte = (): void => {
      clock.ms += 5000;
    };
    damage(kind, { kind: 'drip', onByte });
    await expectError('registry-unreachable');
    expect(proxy.sentBytes).toBeLessThan(LAYER.length / 10);
  });
});

test('a slow line that brings enough is no drip', async () => {
  proxy.damage = () => ({ kind: 'header', name: 'x-slow', value: '1' });
  expect(await pull()).toBe('pulled');
});

test('a token server and a registry that send each other round end', async () => {
  const challenge = `Bearer realm="http://${proxy.host}/token",service="x"`;
  proxy.damage = ({ url }) =>
    url.startsWith('/token')
      ? { kind: 'answer', status: 200, body: '{"token":"never-good"}' }
      : { kind: 'answer', status: 401, headers: { 'www-authenticate': challenge } };
  await expectError('registry-denied');
  expect(proxy.requests.length).toBeLessThan(10);
});

test.each(['text/html', 'application/vnd.oci.image.index.v1+json', ''])(
  'the media type %j of the answer counts for nothing: the manifest says what it is',
  async (value) => {
    damage('manifest', { kind: 'header', name: 'content-type', value });
    expect(await pull()).toBe('pulled');
  },
);

test.each(['sha256:00', `sha256:${'0'.repeat(64)}`])('a tag that claims the digest %s', async (value) => {
  damage('HEAD', { kind: 'header', name: 'docker-content-digest', value });
  const outcome = await pull();
  if (value.length < 70) expect(outcome).toBe('pulled');
  else expect(outcome).toMatchObject({ code: 'image-not-found' });
});

test('a download that breaks again and again goes on while it gets on, with pauses', async () => {
  const big = Buffer.alloc(16 << 20, LAYER);
  image = upstream.putImage('app', { tag: '1', layers: [big] });
  // A quarter more than what counts as getting on: of what came, a client may lose what it had not read yet.
  proxy.damage = (asked) => (kindOf(asked) === 'blob' ? { kind: 'reset', after: 5 << 18 } : undefined);
  const { manifest, repository } = await registry.resolve(`${proxy.host}/app:1`, { platform, signal });
  const [layer] = manifest.layers;
  if (layer === undefined) throw new Error('no layer');
  await registry.fetchBlob({ repository, ...layer }, { signal });
  expect(readFileSync(root.content.path(layer.digest)).equals(big)).toBe(true);
  expect(clock.slept.length).toBeGreaterThan(9);
  expectNothingBad();
});

async function expectError(code: string): Promise<void> {
  const error = await pull();
  expect(error).toBeInstanceOf(BuildError);
  const { code: given, message } = error as BuildError;
  expect([given, message]).toEqual([code, expect.stringContaining(proxy.host)]);
  expect(message).not.toMatch(/\n|undefined|\[object/);
  expect(clock.slept.every((ms) => ms <= 20_000)).toBe(true);
}
