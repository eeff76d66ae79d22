import { expect, test } from 'vitest';
import type { Definition, Vertex } from '../../src/graph/index.ts';
import { failsOnMiss } from '../../src/session/fails-on-miss.ts';
import { run, scratch } from '../rig/solver-rig.ts';

const base = scratch();
const [one, two, again] = [run('one', [base]), run('two', [base], { index: 3 }), run('one', [base], { index: 4 })];
const ids = new Map<Vertex, string>([
  [base, 'i1'],
  [one, 's1'],
  [two, 's2'],
  [again, 's3'],
]);
const steps = [...ids].map(([{ origin }, id]) => ({
  ...{ id, name: origin.name, stage: origin.stage, kind: origin.kind, file: 'Dockerfile', line: 1 },
  isStep: origin.isStep,
}));
const definition: Definition = { vertices: [...ids.keys()], targets: [] };
const idsOf = (wanted: true | readonly string[] | undefined) =>
  failsOnMiss(wanted, { definition, steps, stepID: (vertex) => ids.get(vertex) ?? '' });

test('nothing is asked for, every step, one step', () => {
  expect(idsOf(undefined)).toBeUndefined();
  expect([...(idsOf(true) ?? [])]).toEqual(['s1', 's2', 's3']);
  expect([...(idsOf(['s2']) ?? [])]).toEqual(['s2']);
  expect([...(idsOf(['stage-0']) ?? [])]).toEqual(['s1', 's2', 's3']);
});

test('the same work in another place may be what is looked up', () => {
  expect([...(idsOf(['s3']) ?? [])]).toEqual(['s1', 's3']);
});

test('a word that means nothing is refused, of internal vertices too', () => {
  expect(() => idsOf(['biuld'])).toThrow('"biuld" is no step and no stage of this build');
  expect(() => idsOf(['i1'])).toThrow('"i1" is no step and no stage of this build');
});
