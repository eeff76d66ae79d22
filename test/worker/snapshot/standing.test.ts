import { expect, test } from 'vitest';
import type { Toc } from '../../../src/image/toc/index.ts';
import { type RelPath, relPath } from '../../../src/util/rel-path.ts';
import { impliedDirectory, withParents } from '../../../src/worker/snapshot/standing.ts';

const COUNT = 200_000;
const numbered = (index: number): string => `d${String(index).padStart(6, '0')}`;

test('a layer of nothing but files in directories of the layers below takes no time that grows with their square', () => {
  const parents = Array.from({ length: COUNT }, (_, index) => impliedDirectory(relPath(numbered(index))));
  const files = parents.map(({ path }) => ({ ...impliedDirectory(`${path}/f` as RelPath), type: 'file', offset: 0 }));
  const toc = { entries: () => files } as unknown as Toc;
  let order = '';
  let count = 0;
  for (const { path } of withParents(toc, { parents, linked: [], name: '' })) {
    if (order >= path) expect.fail(`${path} comes after ${order}`);
    order = path;
    count++;
  }
  expect(count).toBe(2 * COUNT);
});
