import { describe, expect, test } from 'vitest';
import { digestOf, parseCacheKey } from '../../cache/index.ts';
import { buildText } from '../../src/cli/explain/list.ts';
import { stepText } from '../../src/cli/explain/step.ts';
import { wrapAfter } from '../../src/cli/explain/wrap.ts';
import type { ExplainedStep } from '../../src/explain/index.ts';
import type { StoredBuild } from '../../src/progress/index.ts';
import { textWidth } from '../../src/progress/render/width.ts';

const build: StoredBuild = {
  ...{ schemaVersion: 1, id: '20261121-113529123-1f3c', startedAt: 0, place: 'p', context: '.', file: 'Dockerfile' },
  ...{ tags: ['node-app:1.0'], findings: [] },
  report: {
    ...{ schemaVersion: 1, result: 'built', durationMs: 1, steps: [], warnings: [] },
    summary: { steps: 0, hits: 0, misses: 0, savedMs: 0, criticalPath: [] },
  },
};
const view = { columns: 80, now: 300_000 };
const key = parseCacheKey(digestOf('key'));
const changes = Array.from({ length: 30 }, (_, n) => ({
  path: `src/${'deep/'.repeat(n)}f${String(n)}\u001b[31m.ts`,
  what: 'content',
}));

const step = (more: Partial<ExplainedStep>): ExplainedStep => ({
  ...{ id: 's2', name: '[build 2/2] COPY . .', stage: 'build', kind: 'COPY', file: 'Dockerfile', line: 2 },
  ...{ status: 'miss', from: 'local', startedMs: 0, durationMs: 2100, savedMs: 0 },
  reason: { code: 'files-changed', message: 'files: 30 changed in src/ (a content, b content, c content, …)', changes },
  ...more,
});
const found = {
  ...{ key, createdAt: 0, costMs: 6100, lastUsedAt: 0, results: 2, madeBy: 'RUN npm ci' },
  material: {
    ...{ op: 'run', version: 1, inputs: [], content: digestOf('content') },
    fields: {
      argv: ['/bin/sh', '-c', 'npm ci'],
      env: [`LONG=${'x'.repeat(200)}`],
      user: '',
      heredoc: { name: 'EOF', content: 'a\nb' },
    },
  },
};

describe('all of it fits', () => {
  test.each([80, 60, 200])('%i columns', (columns) => {
    const steps = [step({}), step({ id: 's3', name: `[build 3/3] RUN ${'日本語'.repeat(40)}`, found })];
    const shown = { build, against: build, steps, gone: [step({})] };
    const lines = [
      ...buildText(shown, { ...view, columns }),
      ...buildText({ ...shown, against: undefined }, { ...view, columns }),
      ...steps.flatMap((one) => stepText(one, { build, against: build }, { ...view, columns })),
    ];
    expect(lines.filter((line) => textWidth(line.trimEnd()) > columns)).toEqual([]);
    expect(lines.join('\n')).not.toContain('\u001b');
  });
});

test('every change is listed, whatever the cause names', () => {
  const lines = stepText(step({}), { build, against: undefined }, { ...view, columns: 200 });
  expect(lines.filter((line) => /f\d+\S*\.ts/.test(line))).toHaveLength(30);
  expect(lines).toContain(' changes (30)');
});

test('a miss names the record it was compared with', () => {
  const compared = { key, createdAt: 120_000, same: ['chmod', 'dest'], other: ['content'] };
  expect(stepText(step({ compared }), { build, against: undefined }, view).join('\n')).toContain(`
 compared with
   record
     ${key}
   made    3 min ago (1970-01-01 00:02:00 UTC)
   other   content
   same    chmod, dest
`);
});

describe('a hit says which record, how old, what it saved, and why this one', () => {
  const hit = (code: 'same' | 'relinked' | 'early-cut-off', more: object = {}): string =>
    stepText(
      step({
        ...{ status: 'hit', savedMs: 6100, found: { ...found, ...more } },
        reason: { code, message: '[build 1/2] ran again and made the same', changes: [] },
      }),
      { build, against: undefined },
      { ...view, columns: 200 },
    ).join('\n');

  test('exact', () => {
    expect(hit('same')).toContain(`
 record that it hit
   key     ${key}
   made    5 min ago (1970-01-01 00:00:00 UTC)
   by      RUN npm ci
   cost    6.1 s, saved 6.1 s
   used    5 min ago
   why     each part of the key is the same; of 2 results of this key it is the oldest, on which later steps stand
`);
    expect(hit('same', { isRefreshed: true })).toContain('it is the latest that --no-cache made');
  });

  test('relinked, and after an early cut-off', () => {
    expect(hit('relinked', { results: 1 })).toMatch(
      /why {5}the layers below are others, but nothing that .* as it is$/m,
    );
    expect(hit('early-cut-off', { results: 1 })).toMatch(
      /why {5}\[build 1\/2\] ran again .*, so the key is the same as before$/m,
    );
  });

  test('a record that is gone', () => {
    expect(
      stepText(step({ found: { key, createdAt: 0, prunedAt: 0 } }), { build, against: undefined }, view).join('\n'),
    ).toContain('gone    it is not in the root any more, pruned 5 min ago');
  });
});

test('a build that ended before its steps says so, with its error', () => {
  const failed = { ...build, error: { code: 'syntax-error', message: 'unknown instruction: COPPY' } };
  expect(buildText({ build: failed, against: undefined, steps: [], gone: [] }, view).join('\n')).toMatch(
    /unknown instruction: COPPY \[syntax-error\]\n\n it ended before there was any step$/,
  );
});

test('words that are wider than a line are broken between characters', () => {
  expect(wrapAfter('ab ', `${'x'.repeat(30)} y`, 23)).toEqual([`ab ${'x'.repeat(20)}`, `   ${'x'.repeat(10)} y`]);
  expect(wrapAfter('  ', '日'.repeat(15), 22)).toEqual([`  ${'日'.repeat(10)}`, `  ${'日'.repeat(5)}`]);
  expect(wrapAfter('lead  ', 'y'.repeat(20), 25)).toEqual(['lead', `     ${'y'.repeat(20)}`]);
});
