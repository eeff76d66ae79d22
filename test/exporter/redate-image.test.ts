import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { LayerRef } from '../../cache/index.ts';
import { exportImage } from '../../src/exporter/index.ts';
import { parseConfig } from '../../src/image/oci/index.ts';
import { ExportRig } from '../rig/export-rig.ts';
import { verifyArchive } from '../rig/oci-archive.ts';

const tarOf = (seed: string) => Buffer.alloc(10_240, seed);
let rig: ExportRig;

beforeEach(() => {
  rig = new ExportRig();
});
afterEach(() => rig[Symbol.dispose]());

/** Redates by naming another layer, and keeps what it was asked. */
function redating() {
  const asked: string[] = [];
  const deps = {
    ...rig.deps(),
    redateLayer: ({ diffID }: LayerRef, { epoch, which }: { epoch: number; which: string }) => {
      asked.push(`${diffID} ${which} ${epoch}`);
      return Promise.resolve(rig.ownLayer(tarOf(`${which}${epoch}${diffID}`)));
    },
  };
  return { asked, deps };
}

test('layers above the base are redated, once for all outputs; config and manifest name the new ones', async () => {
  const [base, own] = [rig.pulledLayer(tarOf('base')), rig.ownLayer(tarOf('own'))];
  const image = { ...rig.image([base, own, own]), epoch: 7, baseLayers: 1 };
  const { asked, deps } = redating();
  const outputs = ['a', 'b'].map((name) => ({
    type: 'oci' as const,
    dest: join(rig.out, name),
    fileTimes: 'clamped' as const,
  }));
  const written = await exportImage(image, outputs, deps);
  expect(asked).toEqual([`${own.diffID} later 7`]);
  const { diffIDs, digest } = verifyArchive(join(rig.out, 'a'));
  expect(digest).toBe(written.digest);
  const redated = written.plainLayers[1]?.diffID;
  expect(redated).not.toBe(own.diffID);
  expect(diffIDs).toEqual([base.diffID, redated, redated]);
});

test.each([
  ['clamped', true, [undefined, { 'buildkit/rewritten-timestamp': '7' }]],
  ['clamped', false, [undefined, undefined]],
  ['epoch', true, [undefined, undefined]],
  ['kept', true, [undefined, undefined]],
] as const)('times %s, OCI types %s: which layers say so', async (fileTimes, ociMediaTypes, annotations) => {
  const image = { ...rig.image([rig.pulledLayer(tarOf('base')), rig.ownLayer(tarOf('own'))]), epoch: 7, baseLayers: 1 };
  const dest = join(rig.out, 'marked');
  await exportImage(image, [{ type: 'oci', dest, fileTimes, ociMediaTypes }], redating().deps);
  expect(verifyArchive(dest).layers.map((layer) => layer.annotations)).toEqual(annotations);
});

test('outputs may differ in their times: the first names the image', async () => {
  const image = { ...rig.image([rig.ownLayer(tarOf('own'))]), epoch: 7 };
  const { deps } = redating();
  const written = await exportImage(
    image,
    [
      { type: 'oci', dest: join(rig.out, 'kept'), fileTimes: 'kept' },
      { type: 'oci', dest: join(rig.out, 'set'), fileTimes: 'epoch' },
    ],
    deps,
  );
  expect(written.outputs[0]?.digest).toBe(written.digest);
  expect(written.outputs[1]?.digest).not.toBe(written.digest);
  expect(written.plainLayers).toEqual(image.layers);
});

test('an image without an archive is named by its redated layers', async () => {
  const image = { ...rig.image([rig.ownLayer(tarOf('own'))]), epoch: 7 };
  const { deps } = redating();
  const written = await exportImage(image, [{ type: 'cacheonly', dest: '', fileTimes: 'epoch' }], deps);
  const config = parseConfig(readFileSync(deps.content.path(written.configDigest)));
  expect(config.rootfs.diff_ids).toEqual(written.plainLayers.map(({ diffID }) => diffID));
  expect(written.plainLayers).not.toEqual(image.layers);
});

test('without an epoch times stay, and a warning says so', async () => {
  const { asked, deps } = redating();
  await exportImage(rig.image([rig.ownLayer(tarOf('own'))]), [{ type: 'oci', dest: '-', fileTimes: 'clamped' }], deps);
  expect(asked).toEqual([]);
  expect(rig.warnings).toEqual([expect.stringContaining('SOURCE_DATE_EPOCH')]);
});
