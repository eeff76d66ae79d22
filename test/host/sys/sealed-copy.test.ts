import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { openSync, readFileSync, writeFileSync } from 'node:fs';
import { test } from 'vitest';
import { sealedCopy } from '../../../src/host/sys/index.ts';
import { openFiles } from '../../rig/open-files.ts';

test('a sealed copy of a program runs, and nobody writes to it', async () => {
  const path = await sealedCopy('/bin/echo');
  assert.deepEqual(readFileSync(path), readFileSync('/bin/echo'));
  assert.equal(execFileSync(path, ['hello'], { encoding: 'utf8' }), 'hello\n');
  assert.throws(() => writeFileSync(openSync(path, 'r+'), 'x'), { code: 'EPERM' });
});

test('a program that is not there has no sealed copy, and leaves no open file', async () => {
  const copies = (): number => openFiles('/memfd:program').length;
  const before = copies();
  await assert.rejects(sealedCopy('/nowhere/runc'), { code: 'ENOENT' });
  assert.equal(copies(), before);
  await sealedCopy('/bin/echo');
  assert.equal(copies(), before + 1);
});
