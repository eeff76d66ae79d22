import { expect, test } from 'vitest';
import type { DiffID } from '../../../cache/index.ts';
import type { StackTree, Toc } from '../../../src/image/toc/index.ts';
import type { LowerMaker } from '../../../src/worker/snapshot/lower.ts';
import { makeLowers } from '../../../src/worker/snapshot/lowers.ts';

const [BASE, APP] = ['sha256:base', 'sha256:app'] as unknown as [DiffID, DiffID];
const { signal } = new AbortController();
const TREE = { close: () => undefined } as unknown as StackTree;

/** A maker that keeps what it has made; APP needs what lies below it. */
function rig(before: () => Promise<void> = () => Promise.resolve()) {
  const made: string[] = [];
  const kept = new Set<DiffID>();
  const maker: LowerMaker = {
    name: 'test',
    async make({ diffID, below }) {
      if (diffID === APP && below === undefined) return undefined;
      if (!kept.has(diffID)) {
        await before();
        made.push(diffID);
        kept.add(diffID);
      }
      return { path: `/${diffID}` };
    },
  };
  const toc = () => ({ size: 1 }) as Toc;
  return { made, lowers: makeLowers({ makers: [maker], toc, tarPath: () => '', tree: () => TREE }) };
}

test('what was made ahead is not made again, also by who comes while it is made', async () => {
  let release: () => void = () => undefined;
  const gate = new Promise<void>((resolve) => {
    release = resolve;
  });
  const { made, lowers } = rig(() => gate);
  const ahead = lowers.ahead(BASE, { signal });
  const stack = lowers.ofStack([BASE, APP], { signal });
  release();
  await ahead;
  expect(await stack).toEqual([{ path: `/${BASE}` }, { path: `/${APP}` }]);
  expect(made).toEqual([BASE, APP]);
});

test('a layer that needs those below it is left to its stack', async () => {
  const { made, lowers } = rig();
  await lowers.ahead(APP, { signal });
  expect(made).toEqual([]);
  await lowers.ofStack([BASE, APP], { signal });
  expect(made).toEqual([BASE, APP]);
});

test('what failed ahead is tried anew by its stack', async () => {
  const failures = [new Error('no space')];
  const { made, lowers } = rig(() => {
    const failure = failures.pop();
    return failure === undefined ? Promise.resolve() : Promise.reject(failure);
  });
  const ahead = lowers.ahead(BASE, { signal });
  const stack = lowers.ofStack([BASE], { signal });
  await expect(ahead).rejects.toThrow('no space');
  expect(await stack).toEqual([{ path: `/${BASE}` }]);
  expect(made).toEqual([BASE]);
});
