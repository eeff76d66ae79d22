import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'vitest';
import { fileLocks } from '../../../src/host/sys/index.ts';

let dir = '';
let path = '';
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'locks-'));
  path = join(dir, 'lock');
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

test('two shared locks go together, an exclusive one with nobody', () => {
  const one = fileLocks.tryLock(path, 'shared');
  const two = fileLocks.tryLock(path, 'shared');
  assert.ok(one && two);
  assert.equal(fileLocks.tryLock(path, 'exclusive'), undefined);
  one.release();
  one.release();
  assert.equal(fileLocks.tryLock(path, 'exclusive'), undefined);
  two.release();
  assert.ok(fileLocks.tryLock(path, 'exclusive'));
  assert.equal(fileLocks.tryLock(path, 'shared'), undefined);
});

test('lock waits for its turn without blocking', async () => {
  const signal = new AbortController().signal;
  const held = await fileLocks.lock(path, 'exclusive', { signal });
  const order: string[] = [];
  const waiting = fileLocks.lock(path, 'exclusive', { signal }).then((lock) => {
    order.push('second');
    return lock;
  });
  await new Promise(setImmediate);
  order.push('first');
  held.release();
  (await waiting).release();
  assert.deepEqual(order, ['first', 'second']);
});

test('waiting ends when the signal says so', async () => {
  fileLocks.tryLock(path, 'exclusive');
  const controller = new AbortController();
  const waiting = fileLocks.lock(path, 'shared', { signal: controller.signal });
  controller.abort();
  await assert.rejects(waiting, { name: 'AbortError' });
});

test('the lock of a file that was removed does not count', () => {
  const old = fileLocks.tryLock(path, 'exclusive');
  rmSync(path);
  const fresh = fileLocks.tryLock(path, 'exclusive');
  assert.ok(old && fresh);
  assert.equal(fileLocks.tryLock(path, 'shared'), undefined);
});

const HOLDER = `
  const libc = require('koffi').load(null);
  const fd = require('node:fs').openSync(process.argv[1], 'a');
  if (libc.func('int flock(int, int)')(fd, 2) === 0) process.stdout.write('held');
  setInterval(() => undefined, 1000);
`;

test('the lock of a process that is killed is free', async () => {
  const holder = spawn(process.execPath, ['-e', HOLDER, path], { stdio: ['ignore', 'pipe', 'inherit'] });
  await once(holder.stdout, 'data');
  assert.equal(fileLocks.tryLock(path, 'shared'), undefined);
  holder.kill('SIGKILL');
  await once(holder, 'exit');
  assert.ok(fileLocks.tryLock(path, 'exclusive'));
});
