import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'vitest';
import { buildIDOf, openBuildStore } from '../../../cache/builds/store.ts';
import { surroundings, tempDir } from '../temp.ts';

const AT = Date.UTC(2026, 10, 21, 11, 35, 29, 123);

function setup(maxBuilds = 3) {
  const dir = tempDir();
  const around = surroundings(dir);
  return { dir, ...around, store: openBuildStore(dir, { ...around, maxBuilds }) };
}

test('what was put is what is got, and nothing else', () => {
  const { store, tmp } = setup();
  const id = buildIDOf(AT, '1f3c77a0');
  assert.equal(id, '20261121-113529123-1f3c');
  store.put(id, { a: [1] });
  assert.deepEqual(store.get(id), { a: [1] });
  assert.equal(store.get('20261121-113529123-1f3d'), undefined);
  assert.equal(store.get('../tmp/x'), undefined);
  assert.deepEqual(readdirSync(tmp), []);
});

test('a root that is not there has no builds, and is not made', () => {
  const dir = join(tempDir(), 'none');
  const store = openBuildStore(dir, { tempPath: (name) => name, onWarning: assert.fail });
  assert.deepEqual(store.ids(), []);
  assert.ok(!existsSync(dir));
});

test('ids are in the order of time, newest first, and found by a beginning', () => {
  const { store, dir } = setup();
  const ids = [0, 1, 1001].map((ms, index) => buildIDOf(AT + ms, `${index}abc`));
  for (const id of ids) store.put(id, {});
  writeFileSync(join(dir, 'builds', 'notes.txt'), '');
  assert.deepEqual(store.ids(), ids.toReversed());
  assert.deepEqual(store.find('1ab'), [ids[1]]);
  assert.deepEqual(store.find('20261121-113529'), [ids[1], ids[0]]);
  assert.deepEqual(store.find(''), []);
});

test('beyond the limit the oldest go, with their logs', () => {
  const { store, dir } = setup(2);
  const ids = [0, 1, 2].map((ms) => buildIDOf(AT + ms, 'abcd'));
  for (const id of ids) {
    mkdirSync(join(dir, 'logs', id), { recursive: true });
    writeFileSync(join(dir, 'logs', id, 'RUN.log'), '');
    store.put(id, {});
  }
  assert.deepEqual(store.ids(), [ids[2], ids[1]]);
  assert.deepEqual(readdirSync(join(dir, 'logs')).sort(), ids.slice(1));
});

test('a damaged file is no build, and what cannot be kept is a warning', () => {
  const { store, dir, warnings } = setup();
  const id = buildIDOf(AT, 'abcd');
  mkdirSync(join(dir, 'builds'));
  writeFileSync(join(dir, 'builds', `${id}.json`), '{"a":');
  assert.equal(store.get(id), undefined);
  mkdirSync(join(dir, 'builds', '20261121-113529123-ffff.json'));
  store.put('20261121-113529123-ffff', {});
  assert.match(warnings.join(), /report of this build could not be kept/);
});
