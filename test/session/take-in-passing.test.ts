import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { contentIDOf, digestOf, type LayerRef } from '../../cache/index.ts';
import { openHttp } from '../../src/host/net/index.ts';
import { makeBlobFetcher } from '../../src/session/fetch-blob.ts';
import { makeLayerSupply } from '../../src/session/layer-supply.ts';
import { openRegistry } from '../../src/sources/registry/index.ts';
import { FakeRegistry } from '../rig/fake-registry.ts';
import { writeLayer } from '../rig/layers.ts';
import { untimed } from '../rig/untimed.ts';
import { sessionRig } from './rig.ts';

const GZIP = 'application/vnd.oci.image.layer.v1.tar+gzip';
const signal = new AbortController().signal;

/** A layer of half a megabyte in a registry, wanted by a session. */
async function rig() {
  const { root, dir } = await sessionRig();
  const server = await FakeRegistry.start();
  const files = Object.fromEntries(Array.from({ length: 500 }, (_, i) => [`f${i}`, noise(i).repeat(2)]));
  const layer = writeLayer(dir, files);
  const packed = gzipSync(readFileSync(layer.tarPath), { level: 1 });
  const warnings: string[] = [];
  const http = openHttp({ ca: undefined, proxyEnv: {}, userAgent: 'test' });
  const registry = openRegistry({
    ...{ http, content: root.content, config: { registries: {} }, credentials: new Map(), now: () => 0 },
  });
  const clock = { elapsedMs: () => 0 };
  const filter = () => {
    throw new Error('gzip needs no program');
  };
  const warn = (message: string) => void warnings.push(message);
  const fetchBlob = makeBlobFetcher({ root, registry, emit: () => undefined, clock });
  const supply = makeLayerSupply({ timed: untimed, root, fetchBlob, filter, warn });
  const blob = { mediaType: GZIP, digest: server.putBlob(packed), size: packed.length };
  const ref: LayerRef = {
    ...{ diffID: layer.diffID, contentID: contentIDOf(layer.diffID), blob, verified: false },
    origins: [{ repository: `${server.host}/app`, digest: blob.digest }],
  };
  return {
    ...{ root, server, supply, ref, packed, warnings, fetchBlob },
    tar: readFileSync(layer.tarPath),
    /** Of layers; a blob may still be on its way to the disk. */
    left: () => readdirSync(join(root.dir, 'tmp')).filter((name) => name.includes('layer')),
    async [Symbol.asyncDispose]() {
      await supply[Symbol.asyncDispose]();
      await http[Symbol.asyncDispose]();
      await server[Symbol.asyncDispose]();
    },
  };
}

/** Half a kilobyte that does not pack. */
function noise(seed: number): string {
  return Array.from({ length: 8 }, (_, i) => digestOf(`${seed} ${i}`)).join('');
}

describe('a layer that is read while it is fetched', () => {
  test('is asked for once; tar, toc and blob are there, and nothing else', async () => {
    await using made = await rig();
    const { root, server, supply, ref, tar, packed } = made;
    await Promise.all([supply.ensureLayer(ref, { signal }), supply.ensureBlob(ref, { signal })]);
    expect(readFileSync(root.layers.tarPath(ref.diffID)).equals(tar)).toBe(true);
    expect(root.layers.meta(ref.diffID)?.blobs).toEqual({ gzip: ref.blob });
    expect(readFileSync(root.content.path(ref.blob!.digest)).equals(packed)).toBe(true);
    expect(server.requests.filter(({ url }) => url.includes('/blobs/'))).toHaveLength(1);
    expect(made.left()).toEqual([]);
  });

  test('is lost when the layout that it came from is gone', async () => {
    await using made = await rig();
    const { supply, fetchBlob, ref } = made;
    const gone = { ...ref, origins: [{ repository: 'oci-layout:///nowhere', digest: ref.blob!.digest }] };
    expect(await fetchBlob(gone, { signal })).toBeUndefined();
    await expect(supply.ensureLayer(gone, { signal })).rejects.toMatchObject({ reason: 'remote-missing' });
  });

  test.each([404, 410])('is lost when its registry says %i, but not when another one is in trouble', async (status) => {
    await using made = await rig();
    const { server, supply, ref } = made;
    server.fault = ({ url }) => (url.startsWith('/v2/app/blobs/') ? { status } : undefined);
    await expect(supply.ensureLayer(ref, { signal })).rejects.toMatchObject({ reason: 'remote-missing' });
    expect(await supply.ensureBlob(ref, { signal })).toBeUndefined();
    const origins = [...ref.origins, { repository: `${server.host}/other`, digest: ref.blob!.digest }];
    await supply.ensureLayer({ ...ref, origins }, { signal });
    expect(made.left()).toEqual([]);
  });

  test('is not lost while a registry denies it', async () => {
    await using made = await rig();
    const { server, supply, ref } = made;
    server.fault = ({ url }) => ({ status: url.startsWith('/v2/app/') ? 404 : 403 });
    const origins = [{ repository: `${server.host}/denied`, digest: ref.blob!.digest }, ...ref.origins];
    await expect(supply.ensureLayer({ ...ref, origins }, { signal })).rejects.toMatchObject({
      code: 'registry-denied',
    });
  });

  test('is taken from where it still is', async () => {
    await using made = await rig();
    const { root, supply, ref } = made;
    const origins = [{ repository: 'oci-layout:///nowhere', digest: ref.blob!.digest }, ...ref.origins];
    await supply.ensureLayer({ ...ref, origins }, { signal });
    expect(root.layers.meta(ref.diffID)?.blobs).toEqual({ gzip: ref.blob });
  });

  test('goes on where its connection broke', async () => {
    await using made = await rig();
    const { root, server, supply, ref, tar, packed } = made;
    const cuts = [packed.length >> 2, packed.length >> 1];
    server.fault = () => {
      const cutAfter = cuts.shift();
      return cutAfter === undefined ? undefined : { cutAfter };
    };
    await supply.ensureLayer(ref, { signal });
    expect(readFileSync(root.layers.tarPath(ref.diffID)).equals(tar)).toBe(true);
    expect(server.requests.filter(({ range }) => range !== undefined)).toHaveLength(2);
  });

  test.each(['cut short', 'with a wrong byte', 'another one'])(
    'a blob that is %s is given up for the next place, and nothing of it is kept',
    async (how) => {
      await using made = await rig();
      const { root, supply, server, packed, tar, ref } = made;
      await using bad = await FakeRegistry.start();
      const flipped = Buffer.from(packed);
      flipped[packed.length - 20] = (packed.at(-20) ?? 0) ^ 1;
      const other = gzipSync(Buffer.alloc(1024));
      const body = how === 'cut short' ? packed.subarray(0, -100) : how === 'another one' ? other : flipped;
      bad.fault = () => ({ status: 200, body });
      const digest = ref.blob!.digest;
      const origins = [bad, server].map(({ host }) => ({ repository: `${host}/app`, digest }));
      await expect(supply.ensureLayer({ ...ref, origins: origins.slice(0, 1) }, { signal })).rejects.toMatchObject({
        code: 'image-invalid',
      });
      expect(root.layers.has(ref.diffID)).toBe(false);
      expect(made.left()).toEqual([]);
      await supply.ensureLayer({ ...ref, origins }, { signal });
      expect(readFileSync(root.layers.tarPath(ref.diffID)).equals(tar)).toBe(true);
      expect(made.left()).toEqual([]);
    },
  );

  test('that its manifest names and that is no layer is refused, its blob kept', async () => {
    await using made = await rig();
    const { root, server, supply, ref } = made;
    const bytes = gzipSync(Buffer.alloc(600, 'no tar at all'));
    const blob = { mediaType: GZIP, digest: server.putBlob(bytes), size: bytes.length };
    await expect(supply.ensureLayer({ ...ref, blob }, { signal })).rejects.toMatchObject({ code: 'layer-refused' });
    expect(await supply.ensureBlob({ ...ref, blob }, { signal })).toEqual(blob);
    expect(root.content.has(blob.digest)).toBe(true);
    expect(root.layers.has(ref.diffID)).toBe(false);
    expect(made.left()).toEqual([]);
  });

  test('that is cancelled on the way leaves nothing', async () => {
    await using made = await rig();
    const { root, server, supply, ref, packed } = made;
    const stop = new AbortController();
    let isCut = false;
    server.fault = () => {
      if (isCut) stop.abort(new Error('stopped'));
      isCut = true;
      return { cutAfter: packed.length >> 1 };
    };
    await expect(supply.ensureLayer(ref, { signal: stop.signal })).rejects.toThrow('stopped');
    await supply[Symbol.asyncDispose]();
    expect(root.layers.has(ref.diffID)).toBe(false);
    expect(root.content.has(ref.blob!.digest)).toBe(false);
    expect(made.left()).toEqual([]);
  });
});

describe('a layer is given out when its bytes were right', () => {
  test('before its blob is on the disk; who wants the blob waits, and so does the end', async () => {
    await using made = await rig();
    const { root, ref, fetchBlob } = made;
    let sync: () => void = () => undefined;
    const disk = new Promise<void>((resolve) => {
      sync = resolve;
    });
    const slow: typeof fetchBlob = async (wanted, options) => {
      const blob = await fetchBlob(wanted, options);
      await disk;
      return blob;
    };
    const supply = makeLayerSupply({
      timed: untimed,
      root,
      fetchBlob: slow,
      filter: () => [] as never,
      warn: () => undefined,
    });
    await supply.ensureLayer(ref, { signal });
    expect(root.layers.has(ref.diffID)).toBe(true);
    const order: string[] = [];
    const waiting = [
      supply.ensureBlob(ref, { signal }).then(() => order.push('blob')),
      supply[Symbol.asyncDispose]().then(() => order.push('end')),
    ];
    await new Promise((resolve) => setImmediate(resolve));
    expect(order).toEqual([]);
    sync();
    await Promise.all(waiting);
    expect(order).toEqual(['blob', 'end']);
  });

  test('a blob that cannot be kept then is a warning', async () => {
    await using made = await rig();
    const { root, ref, fetchBlob, warnings } = made;
    const supply = makeLayerSupply({
      timed: untimed,
      root,
      filter: () => [] as never,
      warn: (message) => void warnings.push(message),
      fetchBlob: async (wanted, options) => {
        await fetchBlob(wanted, options);
        throw new Error('the disk is full');
      },
    });
    await supply.ensureLayer(ref, { signal });
    await supply[Symbol.asyncDispose]();
    expect(root.layers.has(ref.diffID)).toBe(true);
    expect(warnings).toEqual([`the blob ${ref.blob!.digest} cannot be kept: the disk is full`]);
  });
});
