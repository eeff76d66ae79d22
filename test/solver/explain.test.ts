import { describe, expect, test } from 'vitest';
import {
  type CacheRecord,
  contentIDOf,
  diffIDOf,
  digestOf,
  type Explanation,
  type KeyMaterial,
  parseCacheKey,
} from '../../cache/index.ts';
import { explainMiss } from '../../src/solver/explain.ts';

const material: KeyMaterial = {
  op: 'copy',
  version: 1,
  fields: { dest: '/app' },
  inputs: [],
  content: digestOf('one'),
};

function earlier(files: Record<string, string> | undefined, of: KeyMaterial = material): CacheRecord {
  return {
    key: parseCacheKey(digestOf('key')),
    material: of,
    layers: [],
    createdAt: 0,
    lastUsedAt: 0,
    costMs: 0,
    place: { build: 'b', stage: 's', index: 1, kind: 'COPY' },
    explanation: files === undefined ? {} : { files },
  };
}

function explainFiles(then: Record<string, string> | undefined, now: Record<string, string> | undefined) {
  return explainMiss({
    material: { ...material, content: digestOf('two') },
    explanation: now === undefined ? {} : { files: now },
    earlier: earlier(then),
    changedBelow: undefined,
  });
}

describe('files', () => {
  test.each([
    ['content', { 'a.ts': 'd1:644' }, { 'a.ts': 'd2:644' }, { path: 'a.ts', what: 'content' }],
    ['mode', { 'run.sh': 'd1:644' }, { 'run.sh': 'd1:755' }, { path: 'run.sh', what: 'mode 644→755' }],
    ['added', {}, { 'new.ts': 'd1:644' }, { path: 'new.ts', what: 'added' }],
    ['removed', { 'old.ts': 'd1:644' }, {}, { path: 'old.ts', what: 'removed' }],
    ['renamed', { 'old.ts': 'd1:644' }, { 'new.ts': 'd1:644' }, { path: 'new.ts', what: 'renamed from old.ts' }],
  ])('%s', (_name, then, now, change) => {
    expect(explainFiles(then as Record<string, string>, now as Record<string, string>)).toMatchObject({
      code: 'files-changed',
      changes: [change],
    });
  });

  test('names that every object knows are names like any other', () => {
    const now = { constructor: 'd1:644', toString: 'd2:644' } as unknown as Record<string, string>;
    expect(explainFiles({ a: 'd3:644' }, now).changes).toEqual([
      { path: 'constructor', what: 'added' },
      { path: 'toString', what: 'added' },
      { path: 'a', what: 'removed' },
    ]);
    expect(explainFiles(now, { a: 'd3:644' }).changes).toHaveLength(3);
  });

  test('of equal files each is told: those that were renamed, and those that went', () => {
    const then = Object.fromEntries(['a', 'b', 'c'].map((name) => [name, 'd1:644']));
    expect(explainFiles(then, {}).changes?.map(({ path }) => path)).toEqual(['a', 'b', 'c']);
    expect(explainFiles(then, { x: 'd1:644', y: 'd1:644' }).changes).toEqual([
      { path: 'x', what: 'renamed from a' },
      { path: 'y', what: 'renamed from b' },
      { path: 'c', what: 'removed' },
    ]);
  });

  test('many are counted and the first are named', () => {
    const then = Object.fromEntries(['a', 'b', 'c', 'd'].map((name) => [name, 'd1:644']));
    const now = Object.fromEntries(['a', 'b', 'c', 'd'].map((name) => [name, 'd2:644']));
    expect(explainFiles(then, now).message).toBe('files: 4 changed (a content, b content, c content, …)');
  });

  test('unknown files are still said to have changed', () => {
    expect(explainFiles(undefined, { a: 'd1:644' })).toMatchObject({ code: 'files-changed', changes: [] });
  });
});

test('an edited flag is told before changed files', () => {
  const reason = explainMiss({
    material: { ...material, fields: { dest: '/srv' }, content: digestOf('two') },
    explanation: {},
    earlier: earlier({}),
    changedBelow: '[build 2/3]',
  });
  expect(reason).toMatchObject({ code: 'instruction-changed', changes: [{ name: 'dest', what: '/app → /srv' }] });
});

test('another platform', () => {
  const of = (platform: string): KeyMaterial => ({
    op: 'image',
    version: 1,
    fields: { name: 'n', manifest: 'sha256:1', platform },
    inputs: [],
  });
  expect(
    explainMiss({ material: of('arm64'), explanation: {}, earlier: earlier({}, of('amd64')), changedBelow: undefined })
      .code,
  ).toBe('platform-changed');
});

test('a record that is gone although nothing changed', () => {
  expect(explainMiss({ material, explanation: {}, earlier: earlier({}), changedBelow: undefined }).code).toBe('pruned');
});

describe('environments and arguments', () => {
  const runOf = (fields: KeyMaterial['fields'], more: Partial<KeyMaterial> = {}): KeyMaterial => ({
    op: 'run',
    version: 1,
    fields: { argv: ['make'], ...fields },
    inputs: [],
    ...more,
  });
  const explain = (now: KeyMaterial, then: KeyMaterial, buildArgs: Record<string, string>[] = []) =>
    explainMiss({
      material: now,
      explanation: buildArgs[1] === undefined ? {} : { buildArgs: buildArgs[1] },
      earlier: {
        ...earlier(undefined, then),
        explanation: buildArgs[0] === undefined ? {} : { buildArgs: buildArgs[0] },
      },
      changedBelow: undefined,
    });

  test('variables that came and went', () => {
    const reason = explain(runOf({ env: ['NEW=1', 'SAME=x'] }), runOf({ env: ['OLD=1', 'SAME=x'] }));
    expect(reason.changes).toEqual([
      { name: 'OLD', what: '1 → unset' },
      { name: 'NEW', what: 'unset → 1' },
    ]);
  });

  test('a variable is told before the build arg that changed with it', () => {
    const then = runOf({ env: ['ARG=1', 'ENV=1'] });
    expect(explain(runOf({ env: ['ARG=2', 'ENV=2'] }), then, [{ ARG: '1' }, { ARG: '2' }])).toMatchObject({
      code: 'env-changed',
      changes: [{ name: 'ENV' }],
    });
  });

  test('variables that come in another order', () => {
    expect(explain(runOf({ env: ['PATH=/', 'B=2', 'A=1'] }), runOf({ env: ['PATH=/', 'A=1', 'B=2'] }))).toEqual({
      code: 'env-changed',
      message: 'its variables come in another order',
      changes: [{ name: 'ENV', what: 'A B → B A' }],
    });
  });

  test('a build arg that reaches no key is no reason', () => {
    expect(explain(runOf({}), runOf({}), [{ A: '1' }, { A: '2' }]).code).toBe('pruned');
  });

  test('several fields are named', () => {
    const reason = explain(runOf({ user: 'b', workdir: '/b', shmSize: 2 }), runOf({ user: 'a', workdir: '/a' }));
    expect(reason).toMatchObject({
      code: 'instruction-changed',
      message: 'instruction edited: user, workdir, shmSize',
    });
    expect(reason.changes.at(-1)?.what).toBe('none → 2');
  });

  test('another kind of instruction in the same place explains nothing', () => {
    expect(explain(runOf({}, { op: 'mkdir' }), runOf({}))).toMatchObject({ code: 'no-record', changes: [] });
  });

  test('the platform alone', () => {
    expect(explain(runOf({ platform: 'b' }), runOf({ platform: 'a' })).code).toBe('platform-changed');
  });

  test('a variable may have a name that every object knows', () => {
    expect(explain(runOf({ env: ['constructor=1'] }), runOf({ env: [] })).changes).toEqual([
      { name: 'constructor', what: 'unset → 1' },
    ]);
  });

  test('an environment that is no list says nothing', () => {
    expect(explain(runOf({ env: 'x' }), runOf({ env: 'y' })).code).toBe('pruned');
  });
});

describe('what a step stands on, where every step below hit', () => {
  const below = contentIDOf(diffIDOf(digestOf('below')));
  const [one, two] = [digestOf('one'), digestOf('two')];
  const explainBase = (then: Explanation['base'], now: Explanation['base']) =>
    explainMiss({
      material: { ...material, inputs: [below] },
      explanation: now === undefined ? {} : { base: now },
      earlier: { ...earlier({}), explanation: then === undefined ? {} : { base: then } },
      changedBelow: undefined,
    });

  test('the base moved', () => {
    const name = 'docker.io/library/node:20';
    expect(explainBase({ name, manifest: one }, { name, manifest: two })).toEqual({
      code: 'base-changed',
      message: `base node:20 moved ${one.slice(0, 19)}… → ${two.slice(0, 19)}…`,
      changes: [{ name: 'node:20', what: `${one} → ${two}` }],
    });
  });

  test.each([
    ['another base', { name: 'docker.io/library/node:20', manifest: one }, 'node:20 → ghcr.io/a/b:1'],
    ['scratch before', undefined, 'scratch → ghcr.io/a/b:1'],
  ])('%s', (_name, then, what) => {
    expect(explainBase(then, { name: 'ghcr.io/a/b:1', manifest: two })).toEqual({
      code: 'base-changed',
      message: `base ${what}`,
      changes: [{ name: 'FROM', what }],
    });
  });

  test('a step was taken away or moved', () => {
    const base = { name: 'n', manifest: one };
    expect(explainBase(base, base)).toMatchObject({ code: 'parent-changed', message: 'other steps come before it' });
  });
});
