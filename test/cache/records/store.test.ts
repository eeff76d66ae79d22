import assert from 'node:assert/strict';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { test } from 'vitest';
import {
  type CacheRecord,
  contentIDOf,
  digestOf,
  type Json,
  type KeyMaterial,
  preferredRecord,
} from '../../../cache/index.ts';
import { openRecordStore } from '../../../cache/records/store.ts';
import { diffIDNamed, materialNamed, recordOf, surroundings, tempDir } from '../temp.ts';

function open(dir = tempDir()) {
  const around = surroundings(dir);
  const records = join(dir, 'records');
  const store = openRecordStore(records, around);
  const fileOf = (key: CacheRecord['key']): string => join(records, key.slice(7, 9), key.slice(7));
  const record = (material: KeyMaterial, more: Partial<CacheRecord> = {}) =>
    recordOf(material, store.keyOf(material), more);
  const put = (material: KeyMaterial, more: Partial<CacheRecord> = {}): CacheRecord => {
    const made = record(material, more);
    store.put(made);
    return made;
  };
  return { ...around, dir, store, fileOf, record, put };
}

const layer = (name: string) => ({
  diffID: diffIDNamed(name),
  contentID: contentIDOf(diffIDNamed(name)),
  verified: false,
  blob: { mediaType: 'm', digest: digestOf(name), size: 1 },
  origins: [{ repository: 'docker.io/library/node', digest: digestOf(name) }],
});

const json = fc.jsonValue() as fc.Arbitrary<Json>;
const anyRecord = fc.record({
  fields: fc.dictionary(fc.string(), json),
  argv: fc.array(fc.string({ unit: 'grapheme' })),
  layers: fc.array(fc.string().map(layer), { maxLength: 3 }),
  files: fc.dictionary(fc.string(), fc.string()),
  costMs: fc.nat(),
  index: fc.nat(),
});

test('what is put is looked up again, by another handle too', () => {
  const { store, dir, record } = open();
  const other = open(dir).store;
  fc.assert(
    fc.property(anyRecord, ({ fields, argv, layers, files, costMs, index }) => {
      const material = materialNamed('x', { fields: { ...fields, argv }, inputs: layers.map((one) => one.contentID) });
      const place = { build: 'b', stage: '', index, kind: '' };
      const made = plain(record(material, { layers, costMs, explanation: { files }, place }));
      const before = store.lookup(made.key).length;
      store.put(made);
      if (before === 0) assert.deepEqual(store.lookup(made.key).map(plain), [made]);
      assert.deepEqual(other.lookup(made.key).map(plain), store.lookup(made.key).map(plain));
    }),
    { numRuns: 50 },
  );
});

test('a refreshed result is marked as such, and counts before older ones', () => {
  const { store, put } = open();
  const material = materialNamed('x');
  const { key } = put(material, { layers: [layer('old')], createdAt: 1 });
  put(material, { layers: [layer('new')], createdAt: 2, refreshed: true });
  assert.deepEqual(
    store.lookup(key).map((record) => record.refreshed),
    [undefined, true],
  );
  assert.equal(preferredRecord(store.lookup(key))?.layers[0]?.diffID, layer('new').diffID);
  // Refreshed again, with what was there at first: that counts now.
  put(material, { layers: [layer('old')], createdAt: 3, refreshed: true });
  assert.equal(preferredRecord(store.lookup(key))?.layers[0]?.diffID, layer('old').diffID);
  // And once more: it has the time of the build that shipped it last, and is kept once.
  put(material, { layers: [layer('old')], createdAt: 4, refreshed: true });
  assert.deepEqual(
    store.lookup(key).map((record) => record.createdAt),
    [1, 2, 4],
  );
});

test('without a refreshed result the first one counts', () => {
  const { store, put } = open();
  const material = materialNamed('x');
  const { key } = put(material, { layers: [layer('first')], createdAt: 1 });
  put(material, { layers: [layer('second')], createdAt: 2 });
  assert.equal(preferredRecord(store.lookup(key))?.layers[0]?.diffID, layer('first').diffID);
  assert.equal(preferredRecord([]), undefined);
});

test('equal material makes one key, however its properties are ordered; any change makes another', () => {
  const { store } = open();
  const material = materialNamed('a', { fields: { x: 1, y: 2 }, content: digestOf('c') });
  const { keyOf } = { keyOf: store.keyOf.bind(store) };
  assert.equal(keyOf({ ...material, fields: { y: 2, x: 1 } }), keyOf(material));
  const changed: Partial<KeyMaterial>[] = [
    { op: 'copy' },
    { version: 2 },
    { fields: { x: 1, y: 3 } },
    { inputs: [layer('i').contentID] },
    { content: digestOf('d') },
  ];
  const keys = new Set([material, ...changed.map((one) => ({ ...material, ...one }))].map(keyOf));
  assert.equal(keys.size, changed.length + 1);
});

test('a key holds several results, the oldest first, each once', () => {
  const { store, put } = open();
  const material = materialNamed('a');
  put(material, { layers: [layer('new')], createdAt: 20 });
  put(material, { layers: [layer('old')], createdAt: 10 });
  put(material, { layers: [layer('new')], createdAt: 30 });
  assert.deepEqual(
    store.lookup(store.keyOf(material)).map((one) => one.createdAt),
    [10, 20],
  );
});

test('results of one key are bounded; the oldest stays', () => {
  const { store, put } = open();
  const material = materialNamed('a');
  for (let i = 0; i < 40; i++) put(material, { layers: [layer(`layer ${i}`)], createdAt: i });
  const kept = store.lookup(store.keyOf(material)).map((one) => one.createdAt);
  assert.equal(kept.length, 32);
  assert.deepEqual([kept[0], kept.at(-1)], [0, 39]);
});

test('touch tells when a key was last used, and says nothing of a key that is gone', () => {
  const { store, put, warnings } = open();
  const { key } = put(materialNamed('a'), { lastUsedAt: 1_700_000_000_123 });
  assert.equal(store.lookup(key)[0]?.lastUsedAt, 1_700_000_000_123);
  store.touch(key, 1_800_000_000_456);
  assert.equal(store.lookup(key)[0]?.lastUsedAt, 1_800_000_000_456);
  store.touch(store.keyOf(materialNamed('none')), 1);
  assert.deepEqual(warnings, []);
});

test('cut anywhere, a file gives its whole records and takes new ones', () => {
  const { store, put, fileOf, warnings } = open();
  const material = materialNamed('a');
  const first = put(material, { layers: [layer('one')], createdAt: 1 });
  const path = fileOf(first.key);
  const firstBytes = statSync(path).size;
  put(material, { layers: [layer('two')], createdAt: 2 });
  const whole = readFileSync(path);
  for (let length = 0; length < whole.length; length++) {
    writeFileSync(path, whole.subarray(0, length));
    const created = store.lookup(first.key).map((one) => one.createdAt);
    assert.deepEqual(created, length < firstBytes ? [] : [1], `cut at ${length}`);
    if (length % 50 !== 0) continue;
    put(material, { layers: [layer('three')], createdAt: 3 });
    assert.deepEqual(
      store.lookup(first.key).map((one) => one.createdAt),
      [...created, 3],
    );
  }
  assert.ok(warnings.length > 0);
});

test('any byte that changed costs one record, never an error or a wrong record', () => {
  const { store, put, fileOf } = open();
  const material = materialNamed('a');
  const { key } = put(material, { layers: [layer('one')], createdAt: 1 });
  put(material, { layers: [layer('two')], createdAt: 2 });
  const whole = readFileSync(fileOf(key));
  fc.assert(
    fc.property(fc.nat({ max: whole.length - 1 }), fc.integer({ min: 1, max: 255 }), (at, flip) => {
      const bytes = Buffer.from(whole);
      bytes[at] = (bytes[at] ?? 0) ^ flip;
      writeFileSync(fileOf(key), bytes);
      const left = store.lookup(key);
      assert.ok(left.length <= 2);
      for (const one of left) assert.deepEqual(one.layers, [layer(one.createdAt === 1 ? 'one' : 'two')]);
    }),
  );
});

test('lines whose check is right but which are no records are damage, too', () => {
  const { store, put, fileOf, warnings } = open();
  const { key } = put(materialNamed('a'));
  for (const text of ['', 'null\tnull', '{}\t{}', '{"layers":[{}]}\t{}', 'no json\t{}']) {
    const check = digestOf(text).slice(7, 23);
    writeFileSync(fileOf(key), `\n${check}\t${text}`);
    assert.deepEqual(store.lookup(key), []);
  }
  assert.equal(warnings.length, 1, 'once a key');
});

test('a record that cannot be kept is a warning', () => {
  const { store, fileOf, record, warnings, dir } = open();
  const made = record(materialNamed('a'));
  writeFileSync(join(dir, 'records'), 'a file where a directory should be');
  store.put(made);
  assert.match(warnings.join(), /could not be kept/);
  assert.deepEqual(store.lookup(made.key), []);
  assert.ok(fileOf(made.key).startsWith(dir));
});

test('two handles that append to one key lose nothing', () => {
  const one = open();
  const two = open(one.dir);
  const material = materialNamed('a');
  for (let i = 0; i < 10; i++) (i % 2 === 0 ? one : two).put(material, { layers: [layer(`${i}`)], createdAt: i });
  assert.equal(one.store.lookup(one.store.keyOf(material)).length, 10);
});

/** As JSON has it: -0 is 0, and objects have a prototype. */
function plain(record: CacheRecord): CacheRecord {
  return JSON.parse(JSON.stringify(record)) as CacheRecord;
}

test('a store is empty until the first record, for whoever opens it later, too', () => {
  const dir = tempDir();
  const { store, put } = open(dir);
  assert.equal(store.isEmpty(), true);
  put(materialNamed('first'));
  assert.deepEqual([store.isEmpty(), open(dir).store.isEmpty()], [false, false]);
});
