import { describe, expect, test } from 'vitest';
import { BuildError } from '../../src/errors.ts';
import { findStageOrStep, findStep } from '../../src/progress/index.ts';

const steps = [
  { id: 's1', stage: 'build', name: '[build 1/3] FROM node' },
  { id: 's2', stage: 'build', name: '[build 2/3] RUN npm ci' },
  { id: 's3', stage: 'build', name: '[build 3/3] RUN npm ci --omit=dev' },
  { id: 's4', stage: 'stage-1', name: '[stage-1 1/2] FROM scratch' },
  { id: 's5', stage: 'stage-1', name: '[stage-1 2/2] COPY --from=build /app /' },
];

function refused(find: () => unknown): BuildError {
  try {
    find();
  } catch (error) {
    if (error instanceof BuildError) return error;
  }
  throw new Error('nothing was refused');
}

describe('a step is named by', () => {
  test.each([
    ['its id', 's2', 's2'],
    ['its number', '5', 's5'],
    ['its place', 'build/3', 's3'],
    ['its place, in any case', 'Build/3', 's3'],
    ['all of its text', 'RUN npm ci', 's2'],
    ['its whole name', '[build 2/3] RUN npm ci', 's2'],
    ['a piece of its text', 'omit=dev', 's3'],
    ['a piece of its name', '[stage-1 2/2]', 's5'],
  ])('%s', (_what, word, id) => {
    expect(findStep(steps, word).id).toBe(id);
  });
});

test('a piece that several steps have is refused, with their numbers', () => {
  const error = refused(() => findStep(steps, 'npm'));
  expect(error).toMatchObject({ code: 'step-unknown', message: '"npm" means 2 steps' });
  expect(error.hint).toBe('name one by its number: s2 [build 2/3] RUN npm ci, s3 [build 3/3] RUN npm ci --omit=dev');
});

test('what names nothing is refused, with what there is', () => {
  const error = refused(() => findStageOrStep(steps, 'biuld'));
  expect(error).toMatchObject({ code: 'step-unknown', message: '"biuld" is no step and no stage of this build' });
  expect(error.hint).toContain('did you mean build? its stages are build, stage-1, its steps s1 to s5; ');
  expect(refused(() => findStep([], 's1')).hint).toBe('it has no steps');
  expect(refused(() => findStep(steps, ' ')).code).toBe('step-unknown');
  expect(refused(() => findStep(steps, 's6')).code).toBe('step-unknown');
});

test('a stage means all of its steps', () => {
  expect(findStageOrStep(steps, 'BUILD').map(({ id }) => id)).toEqual(['s1', 's2', 's3']);
  expect(findStageOrStep(steps, 'stage-1/2').map(({ id }) => id)).toEqual(['s5']);
});
