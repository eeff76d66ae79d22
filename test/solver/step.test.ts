import { describe, expect, test } from 'vitest';
import type { KeyMaterial } from '../../cache/index.ts';
import type { RunOp } from '../../src/graph/index.ts';
import { LayerLost, type OpRunner, type OpRunners, type PreparedStep, stackOf } from '../../src/solver/index.ts';
import { layerOf, run, scratch, solverRig } from '../rig/solver-rig.ts';

const material = (name: string): KeyMaterial => ({ op: 'run', version: 1, fields: { name }, inputs: [] });
const made = (name: string) => ({ layer: layerOf(name), size: 1, materials: [material(name)] });

/** A solver whose RUNs are what the test prepares. */
function rigWith(prepare: OpRunner<RunOp>['prepare']) {
  const rig = solverRig();
  const given: OpRunner<never> = {
    prepare: () => Promise.resolve({ kind: 'given', result: { kind: 'stack', layers: [] } }),
  };
  const { events: _events, ...rest } = rig;
  const runners = { scratch: given, run: { prepare } } as unknown as OpRunners;
  const base = scratch();
  return { ...rest, solveRun: (options = {}) => rig.solve([base, run('x', [base])], { runners, ...options }) };
}

function step(more: Partial<PreparedStep>): PreparedStep {
  const keys = [{ hit: 'same' as const, material: () => Promise.resolve(material('exact')) }];
  return { kind: 'step', keys, explanation: {}, takesSlot: false, run: () => Promise.resolve(made('exact')), ...more };
}

describe('keys are tried in order', () => {
  const keysOf = (exact: string) => [
    { hit: 'same' as const, material: () => Promise.resolve(material(exact)) },
    { hit: 'same' as const, material: () => Promise.resolve(undefined) },
    { hit: 'relinked' as const, material: () => Promise.resolve(material('facts')) },
  ];
  const both = (exact: string) => ({ ...made(exact), materials: [material(exact), material('facts')] });

  test('a later key hits where the first one misses; one that cannot be made is passed over', async () => {
    let exact = 'one base';
    const rig = rigWith(() => Promise.resolve(step({ keys: keysOf(exact), run: () => Promise.resolve(both(exact)) })));
    await rig.solveRun();
    exact = 'another base';
    await rig.solveRun();
    await rig.solveRun();
    expect(rig.of('step-hit')).toMatchObject([{ reason: { code: 'relinked' } }, { reason: { code: 'same' } }]);
  });

  test('a hit whose layer has no size here is a hit all the same', async () => {
    const rig = rigWith(() => Promise.resolve(step({})));
    await rig.solveRun();
    await rig.solveRun({ layerSize: () => undefined });
    expect(rig.of('step-hit')).toHaveLength(1);
    expect(rig.of('step-hit')[0]?.layer).toBeUndefined();
  });

  test('a step without any key runs, and is not explained', async () => {
    const rig = rigWith(() =>
      Promise.resolve(step({ keys: [], run: () => Promise.resolve({ ...made('x'), materials: [] }) })),
    );
    await rig.solveRun();
    expect(rig.of('step-missed')).toEqual([]);
    expect(rig.of('step-done')).toHaveLength(2);
    expect(rig.records.all).toEqual([]);
  });
});

test('what takes time to get ready begins before a miss is explained; not for a hit, nor for a step that must not miss', async () => {
  const seen: number[] = [];
  const rig = rigWith(() => Promise.resolve(step({ onMiss: () => void seen.push(rig.of('step-missed').length) })));
  await expect(rig.solveRun({ failsOnMiss: new Set(['s2']) })).rejects.toMatchObject({ code: 'would-miss' });
  expect(seen).toEqual([]);
  const before = rig.of('step-missed').length;
  await rig.solveRun();
  await rig.solveRun();
  expect(seen).toEqual([before]);
});

describe('what a step says', () => {
  test('a warning names its step', async () => {
    const rig = rigWith((_vertex, _inputs, context) => {
      context.warn('files changed');
      return Promise.resolve(step({}));
    });
    await rig.solveRun();
    expect(rig.of('warning')).toMatchObject([{ message: 'files changed', step: 's2' }]);
  });

  test('a lost layer is for the caller to mend, not a failure of the step', async () => {
    const lost = new LayerLost(layerOf('x').diffID, 'remote-missing');
    const rig = rigWith(() => Promise.resolve(step({ run: () => Promise.reject(lost) })));
    await expect(rig.solveRun()).rejects.toBe(lost);
    expect(rig.of('step-failed')).toEqual([]);
  });

  test('a miss by a lost layer says what became of it', async () => {
    const rig = rigWith(() => Promise.resolve(step({})));
    await rig.solveRun();
    await rig.solveRun({ lost: new Map([[layerOf('exact').diffID, 'corrupt']]) });
    expect(rig.of('step-missed').at(-1)?.reason).toMatchObject({ code: 'corrupt', message: 'its layer was damaged' });
  });

  test('files are no stack', () => {
    expect(() => stackOf(undefined)).toThrow('not a stack');
  });
});
