import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'vitest';
import { digestOf } from '../../cache/index.ts';
import { openMemo } from '../../cache/memo.ts';
import { surroundings, tempDir } from './temp.ts';

const NOW = 1_800_000_000_000;

function open() {
  const dir = tempDir();
  const around = surroundings(dir);
  return { ...around, dir, memo: openMemo(join(dir, 'memo'), { ...around, now: () => NOW }) };
}

test('remembers by namespace and key', () => {
  const { memo, tmp } = open();
  memo.put('a', 'k', 'one\nline\tand another');
  memo.put('b', 'k', '');
  memo.put('a', 'k2', 'x');
  memo.put('a', 'k2', 'y');
  assert.equal(memo.get('a', 'k'), 'one\nline\tand another');
  assert.equal(memo.get('b', 'k'), '');
  assert.equal(memo.get('a', 'k2'), 'y');
  assert.equal(memo.get('ak', ''), undefined);
  assert.deepEqual(readdirSync(tmp), []);
});

test('what is damaged is forgotten', () => {
  const { memo, dir } = open();
  memo.put('a', 'k', 'value');
  const hex = digestOf('["a","k"]').slice(7);
  for (const content of ['', 'junk', '\n0123456789abcdef\t"value"']) {
    writeFileSync(join(dir, 'memo', hex.slice(0, 2), hex), content);
    assert.equal(memo.get('a', 'k'), undefined);
  }
});

test('the longest unused go when there are too many', () => {
  const { memo, dir } = open();
  const hex = digestOf('["a","k"]').slice(7);
  const sub = join(dir, 'memo', hex.slice(0, 2));
  mkdirSync(sub, { recursive: true });
  for (let i = 0; i < 70; i++) {
    writeFileSync(join(sub, `f${i}`), '');
    utimesSync(join(sub, `f${i}`), i + 1, i + 1);
  }
  memo.put('a', 'k', 'value');
  const left = readdirSync(sub);
  assert.equal(left.length, 64);
  assert.ok(left.includes('f69') && !left.includes('f6'));
  utimesSync(join(sub, hex), 1, 1);
  assert.equal(memo.get('a', 'k'), 'value');
  assert.equal(statSync(join(sub, hex)).mtimeMs, NOW);
});

test('a value that cannot be kept is a warning', () => {
  const { memo, dir, warnings } = open();
  writeFileSync(join(dir, 'memo'), '');
  memo.put('a', 'k', 'value');
  assert.equal(memo.get('a', 'k'), undefined);
  assert.match(warnings.join(), /could not be remembered/);
});
