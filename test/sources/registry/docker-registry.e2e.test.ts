import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Digest, digestOf } from '../../../cache/index.ts';
import { openHttp } from '../../../src/host/net/index.ts';
import { type ImageConfig, MEDIA, renderConfig, renderManifest } from '../../../src/image/oci/index.ts';
import { openRegistry } from '../../../src/sources/registry/index.ts';
import { MemoryContent } from '../../rig/memory-content.ts';
import { freePort } from '../../rig/ports.ts';

const signal = new AbortController().signal;
const platform = { os: 'linux', architecture: 'amd64' };
let dir: string;
let host: string;
let server: ChildProcess;

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'registry-'));
  host = `127.0.0.1:${await freePort()}`;
  const config = {
    version: '0.1',
    log: { level: 'error' },
    storage: { filesystem: { rootdirectory: join(dir, 'data') } },
    http: { addr: host },
  };
  writeFileSync(join(dir, 'config.yml'), JSON.stringify(config));
  server = spawn('docker-registry', ['serve', join(dir, 'config.yml')], { stdio: 'ignore' });
  await using http = openHttp({ proxyEnv: {}, userAgent: 'test/1' });
  for (let tries = 0; tries < 100; tries++) {
    const answer = await http.request({ url: `http://${host}/v2/`, signal }).catch(() => undefined);
    await answer?.discard();
    if (answer?.status === 200) return;
    await new Promise((done) => setTimeout(done, 50));
  }
  throw new Error('docker-registry does not answer');
});

afterAll(async () => {
  const ended = new Promise((done) => server.once('exit', done));
  server.kill();
  await ended;
  rmSync(dir, { recursive: true });
});

test("an image that was pushed to Debian's registry is resolved and pulled", async () => {
  await using http = openHttp({ proxyEnv: {}, userAgent: 'test/1' });
  const layer = Buffer.alloc(2_000_000, 'layer');
  const config: ImageConfig = {
    ...platform,
    config: { Cmd: ['true'] },
    rootfs: { type: 'layers', diff_ids: [digestOf('plain')] },
  };
  const configBytes = renderConfig(config);
  for (const bytes of [layer, configBytes]) await push(http, bytes);
  const manifest = renderManifest({
    schemaVersion: 2,
    mediaType: MEDIA.ociManifest,
    config: { mediaType: MEDIA.ociConfig, digest: digestOf(configBytes), size: configBytes.length },
    layers: [{ mediaType: MEDIA.ociLayerGzip, digest: digestOf(layer), size: layer.length }],
  });
  const put = await http.request({
    url: `http://${host}/v2/team/app/manifests/1.0`,
    method: 'PUT',
    headers: { 'content-type': MEDIA.ociManifest },
    body: manifest,
    signal,
  });
  expect(put.status).toBe(201);

  const content = new MemoryContent();
  const registry = openRegistry({ http, content, config: { registries: {} }, credentials: new Map(), now: () => 0 });
  const found = await registry.resolve(`${host}/team/app:1.0`, { platform, signal });
  expect(found).toMatchObject({ manifestDigest: digestOf(manifest), config, repository: `${host}/team/app`, platform });
  for (const { digest, size } of found.manifest.layers)
    await registry.fetchBlob({ repository: found.repository, digest, size }, { signal });
  expect(content.has(digestOf(layer))).toBe(true);
  await expect(registry.resolve(`${host}/team/app:2.0`, { platform, signal })).rejects.toMatchObject({
    code: 'image-not-found',
  });
});

async function push(http: ReturnType<typeof openHttp>, bytes: Buffer): Promise<Digest> {
  const digest = digestOf(bytes);
  const upload = await http.request({ url: `http://${host}/v2/team/app/blobs/uploads/`, method: 'POST', signal });
  const location = new URL(upload.headers['location'] ?? '', `http://${host}`);
  location.searchParams.set('digest', digest);
  const put = await http.request({
    url: location.href,
    method: 'PUT',
    headers: { 'content-type': 'application/octet-stream' },
    body: bytes,
    signal,
  });
  expect(put.status).toBe(201);
  return digest;
}
