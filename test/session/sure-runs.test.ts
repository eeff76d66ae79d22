import { expect, test } from 'vitest';
import { BuildError } from '../../src/errors.ts';
import type { Vertex } from '../../src/graph/index.ts';
import { assertSureRuns } from '../../src/session/sure-runs.ts';
import { run, scratch } from '../rig/solver-rig.ts';

const base = scratch();
const [cached, fresh] = [run('cached', [base]), run('fresh', [base], { ignoreCache: true })];

async function asked(vertices: readonly Vertex[], isEmpty: boolean): Promise<readonly string[]> {
  const names: string[] = [];
  const assertCanRun = ({ origin }: Vertex) => Promise.resolve(void names.push(origin.name));
  await assertSureRuns({ vertices, targets: [] }, { root: { records: { isEmpty: () => isEmpty } }, assertCanRun });
  return names;
}

test('what no record can spare is asked for before the first step', async () => {
  expect(await asked([base, cached, fresh], false)).toEqual([fresh.origin.name]);
  expect(await asked([base, cached, fresh], true)).toEqual([cached.origin.name, fresh.origin.name]);
  expect(await asked([base], true)).toEqual([]);
});

test('a refusal has the place of the RUN', async () => {
  const range = { file: 'Dockerfile', startLine: 4, startColumn: 1, endLine: 4, endColumn: 9 };
  const vertex = { ...fresh, origin: { ...fresh.origin, range } };
  const assertCanRun = () => Promise.reject(new BuildError('runtime-missing', 'no'));
  const root = { records: { isEmpty: () => false } };
  await expect(assertSureRuns({ vertices: [vertex], targets: [] }, { root, assertCanRun })).rejects.toMatchObject({
    code: 'runtime-missing',
    range,
  });
});
