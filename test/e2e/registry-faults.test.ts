import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, afterEach, beforeAll, beforeEach, expect, inject, test } from 'vitest';
import { CliRig, output, REPOSITORY } from '../rig/cli.ts';
import { type Damage, FaultProxy } from '../rig/fault-proxy.ts';
import { verifyArchive } from '../rig/oci-archive.ts';
import { startRegistry, type TestRegistry } from '../rig/registry.ts';

const LAYER_BYTES = 3_000_000;
let rig: CliRig;
let registry: TestRegistry;
let proxy: FaultProxy;
/** What pulls, with a root that knows nothing. */
let puller: CliRig;

beforeAll(async () => {
  rig = CliRig.setup(inject('baseRoot'));
  registry = await startRegistry(rig.dir);
  rig.write({ Dockerfile: 'FROM busybox\nRUN head -c 3000000 /dev/urandom > /random\n' });
  const archive = join(rig.dir, 'image.tar');
  await rig.built(['-o', `type=oci,dest=${archive}`]);
  const target = `docker://${registry.host}/app:1`;
  await output(['skopeo', 'copy', '--dest-tls-verify=false', `oci-archive:${archive}`, target]);
});
afterAll(async () => {
  await registry[Symbol.asyncDispose]();
  await rig[Symbol.asyncDispose]();
});

beforeEach(async () => {
  proxy = await FaultProxy.start(registry.host);
  puller = CliRig.setup();
  puller.write({ Dockerfile: `FROM ${proxy.host}/app:1\nRUN test "$(wc -c < /random)" = 3000000\n` });
});
afterEach(async () => {
  await puller[Symbol.asyncDispose]();
  await proxy[Symbol.asyncDispose]();
});

/** Damages the answers for layers, or those for manifests. */
function damage(what: 'blobs' | 'manifests', how: Damage, times = Number.POSITIVE_INFINITY): void {
  let left = times;
  proxy.damage = ({ method, url, headers }) => {
    const isMeant = method === 'GET' && url.includes(`/${what}/`) && (what === 'manifests' || !isConfig(headers));
    return isMeant && left-- > 0 ? how : undefined;
  };
}

/** The first blob that is asked for is the config. */
function isConfig(_: unknown): boolean {
  return proxy.requests.filter(({ method, url }) => method === 'GET' && url.includes('/blobs/')).length <= 1;
}

async function pull(): Promise<{ code: number | null; stderr: string; peakKB: number }> {
  const record = join(puller.dir, 'memory');
  const hook = pathToFileURL(join(REPOSITORY, 'test/rig/record-memory.mjs')).href;
  const env = { NODE_OPTIONS: `--import ${hook}`, RECORD_MEMORY: record };
  const { code, stderr } = await puller.build([], { env });
  const peaks = readdirSync(puller.dir).filter((name) => name.startsWith('memory.'));
  const peakKB = Math.max(...peaks.map((name) => Number(readFileSync(join(puller.dir, name), 'utf8'))));
  expectNothingBad();
  return { code, stderr, peakKB };
}

/** Blobs and layers have the bytes that they are named after. */
function expectNothingBad(): void {
  for (const name of filesBelow(join(puller.root, 'content/v1/sha256')))
    expect(digestOf(join(puller.root, 'content/v1/sha256', name))).toBe(name.split('/').at(-1));
  for (const name of filesBelow(join(puller.root, 'layers/v1')).filter((file) => /^[0-9a-f]{64}\/tar$/.test(file)))
    expect(digestOf(join(puller.root, 'layers/v1', name))).toBe(name.split('/')[0]);
}

function filesBelow(dir: string): string[] {
  if (!existsSync(dir)) return [];
  const entries = readdirSync(dir, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name).slice(dir.length + 1));
}

function digestOf(file: string): string {
  return createHash('sha256').update(readFileSync(file)).digest('hex');
}

test.each<readonly ['blobs' | 'manifests', Damage, string]>([
  ['blobs', { kind: 'flip', at: 1_000_000 }, 'image-invalid'],
  ['blobs', { kind: 'truncate', at: 5000 }, 'image-invalid'],
  ['blobs', { kind: 'endless' }, 'image-invalid'],
  ['blobs', { kind: 'answer', status: 401 }, 'registry-denied'],
  ['blobs', { kind: 'answer', status: 429, headers: { 'retry-after': '3600' } }, 'registry-error'],
  ['blobs', { kind: 'answer', status: 404 }, 'image-not-found'],
  ['blobs', { kind: 'answer', status: 410 }, 'image-not-found'],
  ['manifests', { kind: 'endless' }, 'image-invalid'],
  ['manifests', { kind: 'flip', at: 20 }, 'image-invalid'],
])('%s, %j: one error, nothing bad is kept, and then the build works', async (what, how, code) => {
  damage(what, how);
  const failed = await pull();
  expect([failed.code, failed.stderr]).toEqual([1, expect.stringContaining(`[${code}]`)]);
  expect(failed.stderr).not.toMatch(/internal error| at .*\.mjs:/);
  expect(failed.stderr.match(/^error: /gm)).toHaveLength(1);
  expect(proxy.sentBytes).toBeLessThan(10 * LAYER_BYTES);
  expect(failed.peakKB).toBeLessThan(250_000);
  proxy.damage = () => undefined;
  const { code: exit, stderr } = await pull();
  expect([exit, stderr]).toEqual([0, expect.any(String)]);
});

test('a blob that is gone: named with its image and line; not missed where its layer is here', async () => {
  damage('blobs', { kind: 'answer', status: 404 });
  const { stderr } = await pull();
  expect(stderr).toContain(`a layer of ${proxy.host}/app:1 is gone, here and in ${proxy.host}/app: sha256:`);
  expect(stderr).toMatch(/^Dockerfile:1:1$/m);

  proxy.damage = () => undefined;
  expect((await pull()).code).toBe(0);
  const content = join(puller.root, 'content/v1/sha256');
  for (const name of filesBelow(content))
    if (statSync(join(content, name)).size > 1_000_000) rmSync(join(content, name));
  damage('blobs', { kind: 'answer', status: 404 });
  const dest = join(puller.dir, 'again.tar');
  const { report } = await puller.built(['-o', `type=oci,dest=${dest}`]);
  expect(report.summary.misses).toBe(0);
  verifyArchive(dest);
});

test.each<Damage>([
  { kind: 'reset', after: 1_000_000 },
  { kind: 'wrong-length', by: 100 },
  { kind: 'answer', status: 500 },
  { kind: 'answer', status: 429, headers: { 'retry-after': '0' } },
])('%j once: asked for again', async (how) => {
  damage('blobs', how, 1);
  const { code, stderr } = await pull();
  expect([code, stderr]).toEqual([0, expect.any(String)]);
});
