import { readdirSync, readFileSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { blobOfLayer, blobsOfLayers } from '../../src/exporter/index.ts';
import { ExportRig } from '../rig/export-rig.ts';

test('who asks for a blob that is on its way waits for it, until it is stored', async () => {
  using rig = new ExportRig();
  const ref = rig.ownLayer(Buffer.from('the tar'));
  const deps = { ...rig.deps(), making: new Map() };
  const all = await Promise.all([
    blobOfLayer(ref, {}, { ...deps, concurrency: 1 }),
    blobOfLayer(ref, {}, deps),
    blobsOfLayers([ref, ref], {}, deps),
  ]);
  expect(new Set(all.flat().map(({ digest }) => digest)).size).toBe(1);
  expect(rig.asked).toEqual([`layer ${ref.diffID}`]);
  expect(deps.making.size).toBe(0);
});

test('a remembered blob that was cut is made again', async () => {
  using rig = new ExportRig();
  const ref = rig.ownLayer(Buffer.from('the tar'));
  const { digest } = await blobOfLayer(ref, {}, rig.deps());
  const path = rig.deps().content.path(digest);
  const whole = readFileSync(path);
  truncateSync(path, whole.length - 1);
  expect((await blobOfLayer(ref, {}, rig.deps())).digest).toBe(digest);
  expect(readFileSync(path)).toEqual(whole);
});

test('an abort of who began is not the failure of who waits', async () => {
  using rig = new ExportRig();
  const ref = rig.ownLayer(Buffer.from('the tar'));
  const making = new Map();
  const stop = new AbortController();
  const first = blobOfLayer(ref, {}, { ...rig.deps(stop.signal), making });
  const second = blobOfLayer(ref, {}, { ...rig.deps(), making });
  stop.abort(new Error('enough'));
  await expect(first).rejects.toThrow('enough');
  expect((await second).size).toBeGreaterThan(0);
  expect(readdirSync(join(rig.dir, 'tmp'))).toEqual([]);
});

test('a blob that cannot be stored fails the export, once all that was begun has ended, and leaves no file', async () => {
  using rig = new ExportRig();
  const layers = ['a', 'b', 'c'].map((text) => rig.ownLayer(Buffer.from(text)));
  const deps = rig.deps();
  let left = 1;
  const adopt: typeof deps.content.adopt = async (temp, digest) => {
    await new Promise((resolve) => setImmediate(resolve));
    if (left-- === 0) throw new Error('the disk is full');
    await deps.content.adopt(temp, digest);
  };
  const content = { ...deps.content, adopt };
  await expect(blobsOfLayers(layers, {}, { ...deps, content })).rejects.toThrow('the disk is full');
  expect(readdirSync(join(rig.dir, 'tmp'))).toEqual([]);
});
