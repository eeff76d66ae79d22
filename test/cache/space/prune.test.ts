import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { onTestFinished, test } from 'vitest';
import { type KeptImage, type PruneRequest, pruneRoot, type Root } from '../../../cache/index.ts';
import { fileLocks } from '../../../src/host/sys/index.ts';
import { DAY, imageOf, NOW, openTestRoot, publishLayer, stepRecord } from './rig.ts';

const signal = new AbortController().signal;

async function setup() {
  const root = await openTestRoot();
  onTestFinished(() => root[Symbol.asyncDispose]());
  const forgotten: string[] = [];
  const prune = (request: PruneRequest & { isDryRun?: boolean }, images: readonly KeptImage[] = []) =>
    pruneRoot(request, {
      ...{ rootDir: root.dir, locks: fileLocks, tombstones: root.tombstones, nowMs: NOW, images, signal },
      tempPath: (purpose) => root.tempPath(purpose),
      forgetImage: (name) => void forgotten.push(name),
    });
  /** What another build has put in and does not hold any more. */
  const fill = async (work: (other: Root) => void): Promise<void> => {
    await using other = await openTestRoot(root.dir);
    work(other);
  };
  return { root, prune, fill, forgotten };
}

test('what nobody holds goes, is said to have gone, and leaves nothing', async () => {
  const { root, prune, fill } = await setup();
  let layer = '';
  await fill((other) => {
    layer = publishLayer(other, 'one').diffID;
    other.content.putBytes(Buffer.from('blob'));
  });
  const would = await prune({ isDryRun: true });
  const { items, bytes, leftovers } = await prune({});
  assert.deepEqual(items, would.items);
  assert.deepEqual(items.map(({ type }) => type).sort(), ['blob', 'layer']);
  assert.ok(bytes > 0);
  assert.deepEqual(leftovers, []);
  assert.deepEqual(readdirSync(join(root.dir, 'layers/v1')), []);
  assert.deepEqual(readdirSync(join(root.dir, 'tmp')), []);
  assert.equal(root.tombstones.prunedAt(layer), NOW);
});

test('what a build has asked for, put or published stays until its lease ends', async () => {
  const { root, prune, fill } = await setup();
  await fill((other) => void publishLayer(other, 'asked'));
  const other = await openTestRoot(root.dir);
  const asked = publishLayer(other, 'asked');
  const made = publishLayer(other, 'made');
  const put = other.content.putBytes(Buffer.from('put'));
  assert.deepEqual((await prune({ all: true })).items, []);
  assert.ok(other.layers.has(asked.diffID) && other.layers.has(made.diffID) && other.content.has(put));
  await other[Symbol.asyncDispose]();
  assert.equal((await prune({ all: true })).items.length, 3);
});

test('nothing goes while a lease cannot be read', async () => {
  const { root, prune, fill } = await setup();
  await fill((other) => void publishLayer(other, 'one'));
  mkdirSync(join(root.dir, 'leases', 'unreadable'));
  await assert.rejects(prune({ all: true }), { code: 'EISDIR' });
  assert.equal(readdirSync(join(root.dir, 'layers/v1')).length, 1);
});

test('a layer is held by being asked for; one that is not there is not', async () => {
  const { root, prune, fill } = await setup();
  let layer = {} as ReturnType<typeof publishLayer>;
  await fill((other) => {
    layer = publishLayer(other, 'one');
  });
  await using other = await openTestRoot(root.dir);
  assert.ok(other.layers.hold(layer.diffID));
  assert.deepEqual((await prune({})).items, []);
  assert.ok(!other.layers.hold(layer.contentID.replace(/.$/, 'x') as typeof layer.diffID));
});

test('an image that was built here keeps its layers; with all it loses its name first', async () => {
  const { prune, fill, forgotten } = await setup();
  let image = imageOf('app', []);
  await fill((other) => {
    image = { ...image, layers: [publishLayer(other, 'one')] };
    publishLayer(other, 'two');
  });
  assert.equal((await prune({}, [image])).items.length, 1);
  assert.deepEqual(forgotten, []);
  const { items, images } = await prune({ all: true }, [image]);
  assert.equal(items.length, 1);
  assert.deepEqual([images, forgotten], [['app'], ['app']]);
});

test('filters: type, id, time of the last use, and how much stays', async () => {
  const { root, prune, fill } = await setup();
  let layer = '';
  await fill((other) => {
    layer = publishLayer(other, 'one').diffID;
    for (const text of ['1', '2', '3']) other.content.putBytes(Buffer.from(text.repeat(30_000)));
    other.records.put(stepRecord('step', []));
  });
  const types = async (request: PruneRequest) =>
    (await prune({ ...request, isDryRun: true })).items.map(({ type }) => type);
  assert.deepEqual(await types({ types: new Set(['layer'] as const) }), ['layer']);
  assert.deepEqual(await types({ types: new Set(['record'] as const) }), ['record']);
  assert.deepEqual(await types({ id: layer.slice('sha256:'.length, 20) }), ['layer']);
  assert.deepEqual(await types({ unusedSince: NOW - DAY * 100_000 }), []);
  assert.equal((await types({ unusedSince: Number.MAX_SAFE_INTEGER })).length, 4);
  const { bytesBefore } = await prune({ isDryRun: true });
  await prune({ keepBytes: bytesBefore - 40_000 });
  const { bytesBefore: after } = await prune({ isDryRun: true });
  assert.ok(after <= bytesBefore - 40_000 && after > bytesBefore - 80_000);
  assert.ok(root.records.lookup(stepRecord('step', []).key).length === 1);
});

test('a cache mount or a repository in use stays', async () => {
  const { root, prune } = await setup();
  const mount = join(root.dir, 'mounts', 'a'.repeat(64));
  for (const dir of [join(mount, '0'), join(mount, '1'), join(root.dir, 'git', 'store')]) {
    mkdirSync(dir, { recursive: true });
    writeFileSync(join(dir, 'file'), 'x');
  }
  const locks = [join(mount, '1.lock'), join(root.dir, 'git', 'store.lock')].map((file) =>
    fileLocks.tryLock(file, 'shared'),
  );
  assert.deepEqual(
    (await prune({})).items.map(({ path }) => path),
    [`mounts/${'a'.repeat(64)}/0`],
  );
  for (const lock of locks) lock?.release();
  assert.equal((await prune({})).items.length, 2);
  assert.ok(existsSync(join(mount, '1.lock')));
});
