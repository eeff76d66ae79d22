import assert from 'node:assert/strict';
import { appendFileSync, chmodSync, existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { onTestFinished, test } from 'vitest';
import { checkRoot, digestOf, type Root } from '../../../cache/index.ts';
import { fileLocks } from '../../../src/host/sys/index.ts';
import { openTestRoot, publishLayer, stepRecord } from '../space/rig.ts';

async function setup() {
  const root = await openTestRoot();
  onTestFinished(() => root[Symbol.asyncDispose]());
  const fill = async <T>(work: (other: Root) => T): Promise<T> => {
    await using other = await openTestRoot(root.dir);
    return work(other);
  };
  const check = (isDryRun = false) =>
    checkRoot({
      ...{ rootDir: root.dir, locks: fileLocks, isDryRun, signal: new AbortController().signal },
      tempPath: (purpose) => root.tempPath(purpose),
    });
  return { root, fill, check };
}

test('what is whole stays, and is counted', async () => {
  const { root, fill, check } = await setup();
  const layer = await fill((other) => {
    other.content.putBytes(Buffer.from('blob'));
    other.records.put(stepRecord('step', []));
    other.memo.put('n', 'k', 'v');
    other.builds.put('20261121-113529123-1f3c', {});
    return publishLayer(other, 'one');
  });
  const { counts, damages } = await check();
  assert.deepEqual(damages, []);
  assert.deepEqual(counts, { layer: 1, blob: 1, record: 1, 'metadata-image': 0, report: 1, memo: 1, image: 0 });
  assert.ok(root.layers.has(layer.diffID));
});

const SPOILERS: { readonly [what: string]: (root: Root) => string } = {
  'a tar': (root) => {
    const { diffID } = publishLayer(root, 'one');
    chmodSync(root.layers.tarPath(diffID), 0o600);
    writeFileSync(root.layers.tarPath(diffID), 'eno');
    return root.layers.dir(diffID);
  },
  'a table of contents': (root) => {
    const { diffID } = publishLayer(root, 'one');
    appendFileSync(root.layers.tocPath(diffID), 'x');
    return root.layers.dir(diffID);
  },
  'the description of a layer': (root) => {
    const { diffID } = publishLayer(root, 'one');
    writeFileSync(join(root.layers.dir(diffID), 'meta'), '{');
    return root.layers.dir(diffID);
  },
  'a metadata image': (root) => {
    const path = join(root.layers.dir(publishLayer(root, 'one').diffID), 'erofs');
    writeFileSync(path, Buffer.alloc(2048, 1));
    return path;
  },
  'a metadata image that borrows from another layer': (root) => {
    const path = join(root.layers.dir(publishLayer(root, 'one').diffID), 'erofs-0123');
    writeFileSync(path, Buffer.alloc(2048, 1));
    return path;
  },
  'a blob': (root) => {
    const path = root.content.path(root.content.putBytes(Buffer.from('blob')));
    writeFileSync(path, 'bolb');
    return path;
  },
  'a memo': (root) => {
    root.memo.put('n', 'k', 'v');
    const dir = join(root.dir, 'records/v1/memo');
    const shard = join(dir, readdirSync(dir)[0] ?? '');
    const path = join(shard, readdirSync(shard)[0] ?? '');
    appendFileSync(path, 'torn');
    return path;
  },
  'a report': (root) => {
    mkdirSync(join(root.dir, 'builds'), { recursive: true });
    const path = join(root.dir, 'builds', '20261121-113529123-1f3c.json');
    writeFileSync(path, '{"a":');
    return path;
  },
};

for (const [what, spoil] of Object.entries(SPOILERS)) {
  test(`${what} that is damaged is told, and removed`, async () => {
    const { root, fill, check } = await setup();
    const path = await fill(spoil);
    const dry = await check(true);
    assert.deepEqual(
      dry.damages.map(({ path: at, isMended }) => [join(root.dir, at), isMended]),
      [[path, false]],
    );
    assert.ok(existsSync(path));
    const { damages } = await check();
    assert.deepEqual(
      damages.map(({ isMended }) => isMended),
      [true],
    );
    assert.ok(!existsSync(path));
    assert.deepEqual((await check()).damages, []);
    assert.deepEqual(readdirSync(root.tempDir), []);
  });
}

test('of a record file the torn line goes, and the others stay', async () => {
  const { root, fill, check } = await setup();
  const record = stepRecord('step', []);
  await fill((other) => other.records.put(record));
  const hex = record.key.slice('sha256:'.length);
  appendFileSync(join(root.dir, 'records/v1', hex.slice(0, 2), hex), '\n0123456789abcdef\t{"torn');
  assert.deepEqual(
    (await check()).damages.map(({ kind, isMended }) => [kind, isMended]),
    [['record', true]],
  );
  assert.deepEqual((await check()).damages, []);
  assert.equal(root.records.lookup(record.key).length, 1);
});

test('what a running build holds is told, and left', async () => {
  const { root, fill, check } = await setup();
  const digest = await fill((other) => other.content.putBytes(Buffer.from('blob')));
  assert.equal(digest, digestOf('blob'));
  assert.ok(root.content.has(digest));
  writeFileSync(root.content.path(digest), 'bolb');
  assert.deepEqual(
    (await check()).damages.map(({ isMended }) => isMended),
    [false],
  );
});
