import assert from 'node:assert/strict';
import { appendFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'vitest';
import { digestOf } from '../../../cache/digest.ts';
import { renderLine } from '../../../cache/records/lines.ts';
import { openTombstones } from '../../../cache/records/tombstones.ts';
import { tempDir } from '../temp.ts';

function rig() {
  const dir = tempDir();
  const path = join(dir, 'tombstones');
  const open = () => openTombstones(path, () => join(dir, 'temp'));
  return { path, open };
}

test('what was pruned is known, to others too, as of the last time', () => {
  const { open } = rig();
  const [one, two] = [digestOf('one'), digestOf('two')];
  const tombstones = open();
  assert.equal(tombstones.prunedAt(one), undefined);
  tombstones.add([one, two], 1);
  tombstones.add([one], 2);
  assert.deepEqual([tombstones.prunedAt(one), open().prunedAt(one), open().prunedAt(two)], [2, 2, 1]);
});

test('the newest are kept', () => {
  const { path, open } = rig();
  const digests = Array.from({ length: 20_001 }, (_, index) => digestOf(String(index)));
  open().add(digests, 5);
  assert.equal(open().prunedAt(digests[0] ?? ''), undefined);
  assert.equal(open().prunedAt(digests.at(-1) ?? ''), 5);
  assert.ok(statSync(path).size < 1_500_000);
});

test('torn lines and lines of another form say nothing', () => {
  const { path, open } = rig();
  const one = digestOf('one');
  open().add([one], 1);
  for (const text of ['null', '{', '{"atMs":1,"digests":[1,"x"]}', '{"atMs":"1","digests":[]}'])
    appendFileSync(path, renderLine(text));
  appendFileSync(path, '\n0123456789abcdef\ttorn');
  assert.equal(open().prunedAt(one), 1);
});
