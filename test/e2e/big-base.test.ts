import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, inject, test } from 'vitest';
import { writeBigLayer } from '../../bench/big-base.mjs';
import { CliRig, output, step, until } from '../rig/cli.ts';
import { FakeRegistry } from '../rig/fake-registry.ts';
import { verifyArchive } from '../rig/oci-archive.ts';
import { mountsBelow } from '../rig/traces.ts';

/** `60000 2000000000` for the size that the figure in bench/ is about. */
const [FILES = 3000, BYTES = 60_000_000] = (process.env['TSBUILD_TEST_BIG_BASE'] ?? '')
  .split(' ')
  .filter(Boolean)
  .map(Number);

let made: CliRig;
let server: FakeRegistry;
let layers: readonly Uint8Array[];

interface Json {
  readonly layers: readonly { readonly digest: string }[];
  readonly config: { readonly digest: string };
  readonly rootfs: { readonly diff_ids: readonly string[] };
}

/** An image of busybox and a big layer, in a registry. */
beforeAll(async () => {
  made = CliRig.setup(inject('baseRoot'));
  server = await FakeRegistry.start();
  made.write({ Dockerfile: 'FROM busybox\n' });
  const [archive, layout, big] = ['busybox.tar', 'layout', 'big.tar.gz'].map((name) => join(made.dir, name)) as [
    string,
    string,
    string,
  ];
  await made.built(['-o', `type=oci,compression=gzip,force-compression=true,dest=${archive}`]);
  mkdirSync(layout);
  await output(['tar', '-xf', archive, '-C', layout]);
  const blob = (digest: string) => readFileSync(join(layout, 'blobs', ...digest.split(':')));
  const read = (digest: string) => JSON.parse(blob(digest).toString()) as Json;
  const manifest = read(JSON.parse(readFileSync(join(layout, 'index.json'), 'utf8')).manifests[0].digest);
  const { diffID } = await writeBigLayer(big, { files: FILES, bytes: BYTES });
  layers = [...manifest.layers.map(({ digest }) => blob(digest)), readFileSync(big)];
  const diffIDs = [...read(manifest.config.digest).rootfs.diff_ids, diffID];
  server.putImage('big', { tag: '1', layers, diffIDs, hasHistory: true });
});
afterEach(() => {
  server.fault = () => undefined;
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
  await made[Symbol.asyncDispose]();
});

const RUN = 'RUN ls -R /big | grep -c file- > /count && sha256sum /big/d0/file-7 > /sum';

/** What the RUN saw. */
async function countSeen(rig: CliRig, flags: readonly string[] = []): Promise<number> {
  const dest = join(rig.dir, `out-${String(readdirSync(rig.dir).length)}`);
  rig.write({ Dockerfile: `FROM ${server.host}/big:1 AS app\n${RUN}\nFROM scratch\nCOPY --from=app /count /\n` });
  const { report } = await rig.built([...flags, '-o', `type=local,dest=${dest}`]);
  expect(step(report, 'RUN').status).toBe('miss');
  return Number(readFileSync(join(dest, 'count'), 'utf8'));
}

function inodes(dir: string): number {
  return Number(execFileSync('du', ['--inodes', '-s', dir], { encoding: 'utf8' }).split('\t')[0]);
}

test('a RUN on a base that was never used creates none of its files, and an export keeps the blob of the registry', async () => {
  await using rig = CliRig.setup();
  mkdirSync(rig.root, 0o700);
  const before = inodes(rig.root);
  server.requests.length = 0;
  expect(await countSeen(rig, ['--lower', 'erofs'])).toBe(FILES);
  expect(inodes(rig.root) - before).toBeLessThan(100);
  rig.write({ Dockerfile: `FROM ${server.host}/big:1\n${RUN}\n` });
  const archive = join(rig.dir, 'image.tar');
  await rig.built(['-o', `type=oci,dest=${archive}`]);
  const blobs = layers.map((layer) => server.putBlob(layer).replace('sha256:', 'blobs/sha256/'));
  const names = (await output(['tar', '-tf', archive])).split('\n');
  expect(names).toEqual(expect.arrayContaining(blobs));
  for (const layer of layers) {
    const asked = server.requests.filter(({ method, url }) => method === 'GET' && url.endsWith(server.putBlob(layer)));
    expect(asked).toHaveLength(1);
  }
});

test('a connection that breaks in the middle of the base is taken up again', async () => {
  await using rig = CliRig.setup();
  const big = server.putBlob(layers.at(-1) ?? Buffer.alloc(0));
  let isCut = false;
  server.fault = ({ url }) => {
    if (isCut || !url.endsWith(big)) return undefined;
    isCut = true;
    return { cutAfter: 3_000_001 };
  };
  expect(await countSeen(rig)).toBe(FILES);
  expect(isCut).toBe(true);
});

test('kill -9 while the base is read leaves garbage that the next build removes', async () => {
  await using rig = CliRig.setup();
  const big = server.putBlob(layers.at(-1) ?? Buffer.alloc(0));
  server.fault = ({ url }) => (url.endsWith(big) ? { cutAfter: 3_000_001, isLeftOpen: true } : undefined);
  rig.write({ Dockerfile: `FROM ${server.host}/big:1\n${RUN}\n` });
  const build = rig.start([rig.context]);
  const temp = join(rig.root, 'tmp');
  const tars = () => (existsSync(temp) ? readdirSync(temp) : []).filter((name) => name.endsWith('layer.tar'));
  await until('the base is on its way', () => tars().length > 0, { withinMs: 20_000 });
  build.child.kill('SIGKILL');
  await build.finished;
  server.fault = () => undefined;
  expect(tars()).not.toEqual([]);
  await until('all mounts are gone', () => mountsBelow(rig.root).length === 0, { withinMs: 1_000 });
  expect(await countSeen(rig)).toBe(FILES);
  expect(readdirSync(temp)).toEqual([]);
});

test('a base that was damaged in the root is read again before a COPY or an export uses its bytes', async () => {
  await using rig = CliRig.setup();
  await countSeen(rig);
  const copied = async (path: string): Promise<Buffer> => {
    rig.write({ Dockerfile: `FROM ${server.host}/big:1 AS app\nFROM scratch\nCOPY --from=app ${path} /copy\n` });
    const dest = join(rig.dir, `copy-${path.replaceAll('/', '-')}`);
    await rig.built(['-o', `type=local,dest=${dest}`]);
    return readFileSync(join(dest, 'copy'));
  };
  const stored = join(rig.root, 'layers/v1');
  const tar =
    readdirSync(stored)
      .map((name) => join(stored, name, 'tar'))
      .find((path) => statSync(path).size > BYTES) ?? '';
  const flipFirst = (): void => {
    const bytes = readFileSync(tar);
    const at = bytes.indexOf('big/d0/file-0') + 512;
    bytes.writeUInt8(bytes.readUInt8(at) ^ 1, at);
    chmodSync(tar, 0o644);
    writeFileSync(tar, bytes);
  };
  const [before] = readFileSync(tar).subarray(readFileSync(tar).indexOf('big/d0/file-0') + 512);
  flipFirst();
  expect((await copied('/big/d0/file-0'))[0]).toBe(before);
  flipFirst();
  rig.write({ Dockerfile: `FROM ${server.host}/big:1\nLABEL a=b\n` });
  const archive = join(rig.dir, 'plain.tar');
  await rig.built(['-o', `type=oci,compression=uncompressed,force-compression=true,dest=${archive}`]);
  expect(verifyArchive(archive).diffIDs).toHaveLength(layers.length);
});
