import { chmodSync, createReadStream, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { contentIDOf, type DiffID, diffIDOf, digestOf, type LayerRef } from '../../cache/index.ts';
import { type LayerSupplyDeps, makeLayerSupply } from '../../src/session/layer-supply.ts';
import { bringStackTree, openStackTree } from '../../src/session/stacks.ts';
import { relPath } from '../../src/util/rel-path.ts';
import { writeLayer } from '../rig/layers.ts';
import { untimed } from '../rig/untimed.ts';
import { sessionRig } from './rig.ts';

const GZIP = 'application/vnd.oci.image.layer.v1.tar+gzip';
const signal = new AbortController().signal;

/** A layer that lies compressed at a source; `deps` replaces what the source does. */
async function rig(deps: Partial<LayerSupplyDeps> = {}) {
  const { root, dir } = await sessionRig();
  const layer = writeLayer(dir, { 'etc/': { mode: 0o755 }, 'etc/motd': 'hello\n' });
  const bytes = gzipSync(readFileSync(layer.tarPath));
  const fetched: DiffID[] = [];
  const warnings: string[] = [];
  const supply = makeLayerSupply({
    timed: untimed,
    root,
    fetchBlob: async (wanted) => {
      fetched.push(wanted.diffID);
      root.content.putBytes(bytes);
      return wanted.blob;
    },
    filter: () => {
      throw new Error('gzip needs no program');
    },
    warn: (message) => void warnings.push(message),
    ...deps,
  });
  const blob = { mediaType: GZIP, digest: digestOf(bytes), size: bytes.length };
  const ref: LayerRef = {
    diffID: layer.diffID,
    contentID: contentIDOf(layer.diffID),
    blob,
    verified: false,
    origins: [{ repository: 'docker.io/library/x', digest: blob.digest }],
  };
  return { root, supply, ref, fetched, tar: readFileSync(layer.tarPath) };
}

describe('a layer whose bytes are elsewhere', () => {
  test('is fetched and unpacked once, however many wait for it', async () => {
    const { root, supply, ref, fetched, tar } = await rig();
    expect(await Promise.all([1, 2, 3].map(() => supply.ensureLayer(ref, { signal })))).toEqual([true, true, true]);
    expect(await supply.ensureLayer(ref, { signal })).toBe(false);
    expect(fetched).toEqual([ref.diffID]);
    expect(readFileSync(root.layers.tarPath(ref.diffID)).equals(tar)).toBe(true);
    expect(root.layers.meta(ref.diffID)?.blobs).toEqual({ gzip: ref.blob });
  });

  test('is fetched when its blob was cut', async () => {
    const { root, supply, ref, fetched } = await rig();
    const path = root.content.path(ref.blob!.digest);
    await supply.ensureBlob(ref, { signal });
    const whole = readFileSync(path);
    truncateSync(path, 20);
    expect(await supply.ensureBlob(ref, { signal })).toEqual(ref.blob);
    expect(fetched).toEqual([ref.diffID, ref.diffID]);
    expect(readFileSync(path)).toEqual(whole);
  });

  test('is not fetched when its blob is here', async () => {
    const { root, supply, ref, fetched } = await rig();
    await supply.ensureBlob(ref, { signal });
    await supply.ensureLayer(ref, { signal });
    expect(fetched).toEqual([ref.diffID]);
    expect(root.layers.has(ref.diffID)).toBe(true);
  });

  test('that gives other bytes than its image says is refused, and nothing is published', async () => {
    const { root, supply, ref } = await rig();
    const wrong = { ...ref, diffID: diffIDOf(digestOf('something else')) };
    await expect(supply.ensureLayer(wrong, { signal })).rejects.toMatchObject({ code: 'image-invalid' });
    expect(root.layers.has(wrong.diffID)).toBe(false);
  });

  test('of a media type that is no layer is refused', async () => {
    const { supply, ref } = await rig();
    const wrong = { ...ref, blob: { ...ref.blob!, mediaType: 'application/x-html' } };
    await expect(supply.ensureLayer(wrong, { signal })).rejects.toMatchObject({ code: 'image-invalid' });
  });

  test('a failure is not remembered: the next one asks again', async () => {
    let calls = 0;
    const { supply, ref } = await rig({
      fetchBlob: () => {
        calls += 1;
        return Promise.reject(new Error('down'));
      },
    });
    await expect(supply.ensureLayer(ref, { signal })).rejects.toThrow('down');
    await expect(supply.ensureLayer(ref, { signal })).rejects.toThrow('down');
    expect(calls).toBe(2);
  });
});

describe('a layer that was damaged in the root', () => {
  /** The clock of a file system may stand still for some milliseconds; damage does not come that soon. */
  const flip = (path: string, toc: string): void => {
    const bytes = readFileSync(path);
    bytes[bytes.length >> 1]! ^= 1;
    chmodSync(path, 0o644);
    do writeFileSync(path, bytes);
    while (path !== toc && statSync(path, { bigint: true }).ctimeNs <= statSync(toc, { bigint: true }).ctimeNs);
  };

  test('in its tar is read from its blob again before anything is read of it', async () => {
    const { root, supply, ref, tar } = await rig();
    await supply.ensureLayer(ref, { signal });
    flip(root.layers.tarPath(ref.diffID), root.layers.tocPath(ref.diffID));
    await supply.ensureLayer(ref, { signal });
    expect(readFileSync(root.layers.tarPath(ref.diffID)).equals(tar)).toBe(true);
  });

  test('in its toc is found by who opens its stack, and read from its blob again', async () => {
    const { root, supply, ref } = await rig();
    const ensure = () => supply.ensureLayer(ref, { signal });
    await ensure();
    const toc = readFileSync(root.layers.tocPath(ref.diffID));
    flip(root.layers.tocPath(ref.diffID), root.layers.tocPath(ref.diffID));
    expect(openStackTree(root, [ref])).toBeUndefined();
    const tree = await bringStackTree(root, [ref], ensure);
    expect(tree.list(relPath('etc'))).toEqual(['motd']);
    tree.close();
    expect(readFileSync(root.layers.tocPath(ref.diffID)).equals(toc)).toBe(true);
  });

  test('and that nobody can bring again is lost, and one that is damaged each time is told', async () => {
    const { root, supply, ref } = await rig();
    await supply.ensureLayer(ref, { signal });
    const tocPath = root.layers.tocPath(ref.diffID);
    flip(root.layers.tarPath(ref.diffID), tocPath);
    const { blob: _blob, ...own } = ref;
    await expect(supply.ensureLayer(own, { signal })).rejects.toMatchObject({ name: 'LayerLost' });
    const bring = async (): Promise<void> => {
      await supply.ensureLayer(ref, { signal });
      flip(tocPath, tocPath);
    };
    await expect(bringStackTree(root, [ref], bring)).rejects.toMatchObject({ code: 'layer-damaged' });
  });
});

describe('a layer that is nowhere', () => {
  test.each(['pruned', 'corrupt'])('made here and %s', async (reason) => {
    const { root, supply, ref } = await rig();
    const { blob: _blob, ...own } = ref;
    if (reason === 'pruned') root.tombstones.add([ref.diffID], 1);
    await expect(supply.ensureLayer(own, { signal })).rejects.toMatchObject({ name: 'LayerLost', reason });
    expect(await supply.ensureBlob(own, { signal })).toBeUndefined();
  });

  test('pulled, and gone from its registry', async () => {
    const { supply, ref } = await rig({ fetchBlob: () => Promise.resolve(undefined) });
    await expect(supply.ensureLayer(ref, { signal })).rejects.toMatchObject({
      name: 'LayerLost',
      reason: 'remote-missing',
    });
  });
});

test('a stream of a published layer is its tar', async () => {
  const { root, supply, ref, tar } = await rig();
  await supply.ensureLayer(ref, { signal });
  const chunks: Uint8Array[] = [];
  for await (const chunk of createReadStream(root.layers.tarPath(ref.diffID))) chunks.push(chunk as Uint8Array);
  expect(Buffer.concat(chunks).equals(tar)).toBe(true);
});
