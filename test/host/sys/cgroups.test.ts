import assert from 'node:assert/strict';
import { accessSync, constants, existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'vitest';
import { hastenMoves, removeCgroup } from '../../../src/host/sys/index.ts';

/** Where a group of this test's own can be made; undefined where none can. */
function place(): string | undefined {
  const [v2, pids] = [/^0::(.*)$/m, /^\d+:pids:(.*)$/m].map(
    (line) => line.exec(readFileSync('/proc/self/cgroup', 'utf8'))?.[1],
  );
  const dir = pids === undefined ? join('/sys/fs/cgroup', v2 ?? '', '..') : join('/sys/fs/cgroup/pids', pids);
  try {
    accessSync(join(dir, 'cgroup.procs'), constants.W_OK);
    return dir;
  } catch {
    return undefined;
  }
}

test('hastening moves leaves this process in its groups, however many ask at once', async () => {
  const before = readFileSync('/proc/self/cgroup', 'utf8');
  await Promise.all([hastenMoves(), hastenMoves()]);
  await hastenMoves();
  assert.equal(readFileSync('/proc/self/cgroup', 'utf8'), before);
});

test.skipIf(place() === undefined)('a cgroup goes with those inside of it, and others stay', () => {
  const name = `tsbuild-test-${process.pid}`;
  const own = join(place() ?? '', name);
  mkdirSync(join(own, 'run/inner'), { recursive: true });
  mkdirSync(`${own}-other`);
  removeCgroup(name);
  assert.equal(existsSync(own), false);
  assert.equal(existsSync(`${own}-other`), true);
  removeCgroup(`${name}-other`);
  removeCgroup(name);
  assert.equal(existsSync(`${own}-other`), false);
});
