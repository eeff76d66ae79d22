import { describe, expect, test } from 'vitest';
import { type CacheRecord, digestOf, type KeyMaterial, parseCacheKey } from '../../cache/index.ts';
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

  test('many are counted and the first are named', () => {
    const then = Object.fromEntries(['a', 'b', 'c', 'd'].map((name) => [name, 'd1:644']));
    const now = Object.fromEntries(['a', 'b', 'c', 'd'].map((name) => [name, 'd2:644']));
    expect(explainFiles(then, now).message).toBe('4 files changed (a content, b content, c content, …)');
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
