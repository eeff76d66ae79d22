import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'vitest';
import { canonicalJson, digestOf, openRootReader, parseCacheKey } from '../../cache/index.ts';
import { openRecordStore } from '../../cache/records/store.ts';
import { openTombstones } from '../../cache/records/tombstones.ts';
import { materialNamed, recordOf, surroundings, tempDir } from './temp.ts';

test('a root that is not there remembers nothing, and is not made', () => {
  const dir = join(tempDir(), 'none');
  const { builds, records } = openRootReader(dir);
  assert.deepEqual(builds.ids(), []);
  assert.deepEqual(records.lookup(parseCacheKey(digestOf(canonicalJson({})))), []);
  assert.equal(records.prunedAt(digestOf('x')), undefined);
  assert.ok(!existsSync(dir));
});

test('records and tombstones are those that were kept', () => {
  const dir = tempDir();
  const around = surroundings(dir);
  const store = openRecordStore(join(dir, 'records/v1'), around);
  const key = store.keyOf(materialNamed('one'));
  store.put(recordOf(materialNamed('one'), key));
  openTombstones(join(dir, 'records/v1/tombstones'), around.tempPath).add([key], 7);
  const { records } = openRootReader(dir);
  assert.deepEqual(records.lookup(key), store.lookup(key));
  assert.equal(records.lookup(key).length, 1);
  assert.equal(records.prunedAt(key), 7);
});
