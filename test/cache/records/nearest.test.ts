import assert from 'node:assert/strict';
import { appendFileSync, readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'vitest';
import { type CacheRecord, contentIDOf, digestOf, type KeyMaterial, type Place } from '../../../cache/index.ts';
import { openRecordStore } from '../../../cache/records/store.ts';
import { diffIDNamed, recordOf, surroundings, tempDir } from '../temp.ts';

function open() {
  const dir = tempDir();
  const around = surroundings(dir);
  const reopen = () => openRecordStore(join(dir, 'records'), around);
  const store = reopen();
  const put = (material: KeyMaterial, place: Place): CacheRecord['key'] => {
    const key = store.keyOf(material);
    store.put(recordOf(material, key, { place }));
    return key;
  };
  return { dir, store, put, reopen };
}

const at = (index: number, more: Partial<Place> = {}): Place => ({
  build: 'b',
  stage: 's',
  index,
  kind: 'RUN',
  ...more,
});
const below = (name: string) => [contentIDOf(diffIDNamed(name))];
const run = (argv: string, more: Partial<KeyMaterial> = {}): KeyMaterial => ({
  op: 'run',
  version: 1,
  fields: { argv, env: [], user: '' },
  inputs: below('base'),
  ...more,
});

test('a place that was never built has none', () => {
  const { store, put } = open();
  put(run('a'), at(2));
  assert.equal(store.nearest(at(2, { stage: 'other' }), run('a')), undefined);
  assert.equal(store.nearest(at(2, { build: 'other' }), run('a')), undefined);
});

test('an edited instruction is compared with what it was, not with its neighbours', () => {
  const { store, put } = open();
  const before = put(run('npm ci'), at(2));
  put(run('npm test', { inputs: below('after ci') }), at(3));
  assert.equal(store.nearest(at(2), run('npm ci --omit=dev'))?.key, before);
});

test('an instruction that moved is found where it was', () => {
  const { store, put } = open();
  put(run('one'), at(2));
  const moved = put(run('two', { inputs: below('one') }), at(3));
  assert.equal(store.nearest(at(4), run('two', { inputs: below('new') }))?.key, moved);
});

test('among equally different ones the same index wins, then the newest', () => {
  const { store, put } = open();
  const older = put(run('a'), at(2));
  const newer = put(run('b'), at(2));
  put(run('c'), at(3));
  assert.equal(store.nearest(at(2), run('x'))?.key, newer);
  put(run('a'), at(2));
  assert.equal(store.nearest(at(2), run('x'))?.key, older);
});

test('another kind explains only at the same index', () => {
  const { store, put } = open();
  const copy: KeyMaterial = { op: 'copy', version: 1, fields: {}, inputs: [], content: digestOf('c') };
  const key = put(copy, at(2, { kind: 'COPY' }));
  assert.equal(store.nearest(at(2), run('a'))?.key, key);
  assert.equal(store.nearest(at(3), run('a')), undefined);
  const same = put(run('far', { fields: {} }), at(9));
  assert.equal(store.nearest(at(2), run('a'))?.key, same);
});

test('what is put later in the same process is seen', () => {
  const { store, put } = open();
  put(run('a'), at(2));
  store.nearest(at(2), run('b'));
  const key = put(run('b'), at(2));
  assert.equal(store.nearest(at(2), run('b'))?.key, key);
});

test('a place remembers its latest keys only', () => {
  const { store, put, dir } = open();
  const keys = Array.from({ length: 500 }, (_, i) => put(run(`r${i}`), at(2)));
  const places = join(dir, 'records', 'places');
  const [file] = readdirSync(places);
  assert.ok(file !== undefined && statSync(join(places, file)).size < 70_000);
  assert.equal(store.nearest(at(2), run('x'))?.key, keys.at(-1));
});

test('a store that reads on where it stopped finds what one finds that reads all: after others’ lines, torn ones and a new file', () => {
  const { store, put, dir, reopen } = open();
  const places = join(dir, 'records', 'places');
  const agree = () => {
    for (const index of [2, 3])
      assert.equal(store.nearest(at(index), run('x'))?.key, reopen().nearest(at(index), run('x'))?.key);
  };
  put(run('a'), at(2));
  agree();
  reopen().put(recordOf(run('b'), store.keyOf(run('b')), { place: at(3) }));
  agree();
  const [file = ''] = readdirSync(places);
  appendFileSync(join(places, file), '\n0123456789abcdef\t{"key":');
  agree();
  put(run('c'), at(3));
  agree();
  for (let count = 0; count < 500; count += 1) {
    const material = run(`r${count}`);
    reopen().put(recordOf(material, store.keyOf(material), { place: at(2) }));
  }
  agree();
  rmSync(join(places, file));
  agree();
  put(run('d'), at(2));
  agree();
});
