import { describe, expect, test } from 'vitest';
import {
  type CacheKey,
  type CacheRecord,
  contentIDOf,
  diffIDOf,
  digestOf,
  type Explanation,
  type KeyMaterial,
  parseCacheKey,
} from '../../cache/index.ts';
import { explainBuild } from '../../src/explain/index.ts';
import type { StoredBuild, StoredStep } from '../../src/progress/index.ts';

interface Spec {
  readonly name: string;
  readonly material?: Partial<KeyMaterial>;
  /** What its layer is made of; the key's when absent. */
  readonly layer?: string;
  readonly explanation?: Explanation;
  readonly more?: Partial<StoredStep>;
}

/** Builds and the records that their steps have. */
function world() {
  const records = new Map<CacheKey, CacheRecord[]>();
  const pruned = new Map<string, number>();
  let made = 0;
  const stepOf = ({ name, material, layer, explanation = {}, more }: Spec, index: number): StoredStep => {
    const kind = /\] (\w+)/.exec(name)?.[1] ?? '';
    const whole: KeyMaterial = {
      ...{ op: kind.toLowerCase(), version: 1, fields: { text: name.replace(/^\[.*?\] /, '') }, inputs: [] },
      ...material,
    };
    const key = parseCacheKey(digestOf(JSON.stringify(whole)));
    const diffID = diffIDOf(digestOf(layer ?? key));
    const place = { build: 'b', stage: 'build', index, kind, text: name };
    made += 1;
    const record: CacheRecord = {
      ...{ key, material: whole, createdAt: made, lastUsedAt: made, costMs: 100, place, explanation },
      layers: [{ diffID, contentID: contentIDOf(diffID), verified: true, origins: [] }],
    };
    records.set(key, [...(records.get(key) ?? []), record]);
    return {
      ...{ id: `s${String(index + 1)}`, name, stage: 'build', kind, file: 'Dockerfile', line: index + 1 },
      ...{ status: 'hit', from: 'local', startedMs: 1, durationMs: 1, savedMs: 100, layer: { diffID, size: 1 } },
      record: { key, createdAt: record.createdAt },
      ...more,
    };
  };
  const build = (id: string, specs: readonly Spec[]): StoredBuild => ({
    ...{ schemaVersion: 1, id, startedAt: 0, place: 'p', context: '.', file: 'Dockerfile', tags: [], findings: [] },
    report: {
      ...{ schemaVersion: 1, result: 'built', durationMs: 1, steps: specs.map(stepOf), warnings: [] },
      summary: { steps: specs.length, hits: 0, misses: 0, savedMs: 0, criticalPath: [] },
    },
  });
  const readable = {
    lookup: (key: CacheKey) => records.get(key) ?? [],
    prunedAt: (digest: string) => pruned.get(digest),
  };
  const differences = (now: StoredBuild, against: StoredBuild) => {
    const { steps, gone } = explainBuild(now, { records: readable, against });
    return {
      steps: steps.map(({ difference }) => [difference?.kind, difference?.reason?.message ?? difference?.message]),
      gone: gone.map(({ name }) => name),
    };
  };
  return { build, records, pruned, readable, differences };
}

const FROM = {
  name: '[build 1/3] FROM node',
  material: { fields: { name: 'node', manifest: 'one', platform: 'linux' } },
};

describe('the record of a step', () => {
  test('is told as the root has it', () => {
    const { build, readable } = world();
    const [step] = explainBuild(build('one', [{ name: '[build 1/1] RUN x' }]), { records: readable }).steps;
    expect(step?.found).toMatchObject({
      material: { op: 'run' },
      costMs: 100,
      results: 1,
      madeBy: '[build 1/1] RUN x',
    });
    expect(step?.difference).toBeUndefined();
  });

  test('that was pruned is told as gone, and when', () => {
    const { build, records, pruned, readable } = world();
    const one = build('one', [{ name: '[build 1/1] RUN x' }]);
    for (const key of records.keys()) pruned.set(key, 7);
    records.clear();
    const [step] = explainBuild(one, { records: readable }).steps;
    expect(step?.found).toEqual({ ...one.report.steps[0]?.record, prunedAt: 7 });
  });

  test('is the one that the build took, of several results', () => {
    const { build, readable } = world();
    build('one', [{ name: '[build 1/1] RUN x', layer: 'first' }]);
    const two = build('two', [{ name: '[build 1/1] RUN x', layer: 'second' }]);
    const [step] = explainBuild(two, { records: readable }).steps;
    expect(step?.found).toMatchObject({ createdAt: 2, results: 2 });
  });
});

describe('two builds', () => {
  test('that are the same', () => {
    const { build, differences } = world();
    const specs = [FROM, { name: '[build 2/3] RUN x' }];
    expect(differences(build('two', specs), build('one', specs)).steps).toEqual([
      ['same', 'the same'],
      ['same', 'the same'],
    ]);
  });

  test('with a step edited, one inserted, one removed', () => {
    const { build, differences } = world();
    const argv = (command: string) => ({ material: { fields: { argv: ['/bin/sh', '-c', command] } } });
    const one = build('one', [
      { name: '[build 1/3] RUN npm ci', ...argv('npm ci') },
      { name: '[build 2/3] RUN make', ...argv('make') },
      { name: '[build 3/3] WORKDIR /x' },
    ]);
    const two = build('two', [
      { name: '[build 1/3] RUN npm ci --omit=dev', ...argv('npm ci --omit=dev') },
      { name: '[build 2/3] COPY a /' },
      { name: '[build 3/3] RUN make', ...argv('make') },
    ]);
    expect(differences(two, one)).toEqual({
      steps: [
        ['other', 'instruction edited: npm ci → npm ci --omit=dev'],
        ['only-here', 'only in this build'],
        ['same', 'the same'],
      ],
      gone: ['[build 3/3] WORKDIR /x'],
    });
  });

  test('with other files: all of them, and what stands on them', () => {
    const { build, readable } = world();
    const files = (n: number) =>
      Object.fromEntries(Array.from({ length: 50 }, (_, at) => [`f${String(at)}`, `d${String(n)}:0644`]));
    const of = (n: number) =>
      build(String(n), [
        { name: '[build 1/2] COPY . .', material: { content: digestOf(String(n)) }, explanation: { files: files(n) } },
        { name: '[build 2/2] RUN x', material: { inputs: [contentIDOf(diffIDOf(digestOf(String(n))))] } },
      ]);
    const [copy, run] = explainBuild(of(2), { records: readable, against: of(1) }).steps;
    expect(copy?.difference).toMatchObject({ kind: 'other', other: ['content'], reason: { code: 'files-changed' } });
    expect(copy?.difference?.reason?.changes).toHaveLength(50);
    expect(run?.difference?.reason).toMatchObject({ code: 'parent-changed', message: '[build 1/2] changed before it' });
  });

  test('where a step ran again: the same key, another result', () => {
    const { build, differences } = world();
    const one = build('one', [{ name: '[build 1/1] RUN date', layer: '1' }]);
    expect(differences(build('two', [{ name: '[build 1/1] RUN date', layer: '2' }]), one).steps).toEqual([
      ['other', 'the same key, run again with another result'],
    ]);
  });

  test('where a COPY was relinked: its key names no base', () => {
    const { build, differences } = world();
    const copy = { dest: '/', link: false };
    const one = build('one', [
      {
        name: '[build 1/1] COPY a /',
        material: { op: 'copy', fields: copy, inputs: [contentIDOf(diffIDOf(digestOf('b')))] },
      },
    ]);
    const two = build('two', [
      { name: '[build 1/1] COPY a /', material: { op: 'copy-facts', fields: { ...copy, facts: {} } } },
    ]);
    expect(differences(two, one).steps).toEqual([['same', 'the same, on another base']]);
    expect(differences(one, two).steps).toEqual([['same', 'the same, on another base']]);
  });

  test('where nothing can be compared', () => {
    const { build, differences, records } = world();
    const [done, failed] = [
      { name: '[build 1/1] RUN x' },
      { name: '[build 1/1] RUN x', more: { status: 'failed' as const } },
    ];
    const withoutRecord = (of: StoredBuild): StoredBuild => ({
      ...of,
      report: { ...of.report, steps: of.report.steps.map(({ record: _, ...step }) => step) },
    });
    const one = build('one', [done]);
    expect(differences(withoutRecord(build('two', [failed])), one).steps).toEqual([
      ['unknown', 'it failed: it left no record'],
    ]);
    expect(differences(one, withoutRecord(build('two', [failed]))).steps).toEqual([
      ['unknown', 'there it failed: it left no record'],
    ]);
    expect(differences(one, withoutRecord(one)).steps).toEqual([['unknown', 'it has no record']]);
    const three = build('three', [{ name: '[build 1/1] RUN y' }]);
    records.clear();
    expect(differences(three, one).steps).toEqual([
      ['unknown', 'its record is gone; what changed cannot be told any more'],
    ]);
  });
});
