import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { fileLocks } from '../../../src/host/sys/index.ts';
import { retireCaches } from '../../../src/worker/server/retire-caches.ts';

test('all directories of an id go, whatever they start as, but for those in use', async () => {
  const mountsDir = mkdtempSync(join(tmpdir(), 'retire-'));
  let count = 0;
  const works: (() => void | Promise<void>)[] = [];
  const cache = (name: string | undefined): string => {
    const dir = join(mountsDir, String(++count));
    for (const number of ['0', '1']) {
      mkdirSync(join(dir, number), { recursive: true });
      writeFileSync(join(dir, number, 'file'), '');
    }
    if (name !== undefined) writeFileSync(join(dir, 'name'), name);
    return dir;
  };
  const [plain, seeded, other, torn, nameless] = [
    '["npm",null,null]',
    '["npm",[448,0,0],["/s","x"]]',
    '["npm2",null,null]',
    '["npm',
    undefined,
  ].map(cache) as [string, string, string, string, string];
  const busy = fileLocks.tryLock(join(seeded, '1.lock'), 'shared');
  const temps: string[] = [];
  const tempPath = (purpose: string): string => {
    const path = join(mountsDir, `tmp-${purpose}-${temps.length}`);
    temps.push(path);
    return path;
  };
  retireCaches(['npm', 'none'], { mountsDir, tempPath, later: (work) => void works.push(work) });
  const left = [plain, seeded, other, torn, nameless].map((dir) => ['0', '1'].map((n) => existsSync(join(dir, n))));
  expect(left).toEqual([
    [false, false],
    [false, true],
    [true, true],
    [true, true],
    [true, true],
  ]);
  for (const work of works) await work();
  expect(works).toHaveLength(3);
  expect(temps.filter((path) => existsSync(path))).toEqual([]);
  busy?.release();
  rmSync(mountsDir, { recursive: true });
});
