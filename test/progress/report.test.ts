import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { reportSchema } from '../../scripts/report-schema.mjs';
import {
  type BuildEvent,
  collectEvents,
  failureOf,
  type Report,
  renderMarkdown,
  renderReport,
  summaryLines,
} from '../../src/progress/index.ts';
import { sampleBuild } from '../rig/events.ts';
import { SCHEMA_FILE, schemaErrors } from '../rig/report-schema.ts';

function reportOf(events: readonly BuildEvent[]): Report {
  const collected = collectEvents();
  for (const event of events) collected.handle(event);
  return renderReport(collected.state());
}

const [planned] = sampleBuild();
if (planned === undefined) throw new Error('no events');

const MISSES = {
  'no-record': true,
  'base-changed': true,
  'instruction-changed': true,
  'build-arg-changed': true,
  'env-changed': true,
  'files-changed': true,
  'parent-changed': true,
  'no-cache': true,
  'platform-changed': true,
  pruned: true,
  corrupt: true,
  'remote-missing': true,
} as const satisfies Record<Extract<BuildEvent, { type: 'step-missed' }>['reason']['code'], true>;
const HITS = { same: true, 'early-cut-off': true, relinked: true } as const satisfies Record<
  Extract<BuildEvent, { type: 'step-hit' }>['reason']['code'],
  true
>;

test('a step whose fetch failed has failed; those after it were not reached', () => {
  const file = 'Dockerfile';
  const info = { stage: '', kind: 'ADD', file };
  const report = reportOf([
    {
      type: 'steps-planned',
      steps: [
        { ...info, id: 'i1', name: '[internal] fetch http://x/y', line: 2, isStep: false },
        { ...info, id: 's1', name: '[1/2] ADD http://x/y /y', line: 2, isStep: true },
        { ...info, id: 's2', name: '[2/2] ADD z /z', line: 3, isStep: true },
      ],
    },
    { type: 'step-started', id: 'i1', atMs: 5 },
    { type: 'step-failed', id: 'i1', atMs: 12, message: 'refused the connection' },
    { type: 'build-done', atMs: 20, result: 'failed' },
  ]);
  expect(report.steps).toEqual([
    expect.objectContaining({ id: 's1', status: 'failed', durationMs: 7, error: 'refused the connection' }),
    expect.objectContaining({ id: 's2', status: 'cancelled' }),
  ]);
});

describe('the schema', () => {
  test('says what the types say: npm run report-schema writes it anew', () => {
    expect(JSON.parse(readFileSync(SCHEMA_FILE, 'utf8'))).toEqual(reportSchema());
  });

  test('tells of every field what it is', () => {
    const schema = reportSchema();
    const objects = [schema, ...Object.values(schema.$defs)];
    const silent = objects.flatMap(({ properties }) =>
      Object.entries(properties).filter(([, one]) => (one as { description?: string }).description === undefined),
    );
    expect(silent).toEqual([]);
  });

  test('knows what is no report', () => {
    const report = reportOf(sampleBuild());
    const [first] = report.steps;
    const wrong = [
      null,
      {},
      { ...report, schemaVersion: 2 },
      { ...report, result: 'well' },
      { ...report, durationMs: 0.5 },
      { ...report, hints: undefined },
      { ...report, unknown: 1 },
      { ...report, steps: [{ ...first, status: 'waiting' }] },
      { ...report, steps: [{ ...first, reason: { code: 'because', message: '', changes: [] } }] },
      { ...report, steps: [{ ...first, layer: { diffID: 'md5:0', size: 1 } }] },
      { ...report, steps: [{ ...first, isStep: true }] },
    ];
    for (const one of wrong) expect(schemaErrors(JSON.parse(JSON.stringify(one)))).not.toEqual([]);
  });
});

describe('what --fail-on-miss refused', () => {
  const reason = { code: 'files-changed', message: 'b changed', changes: [{ path: 'b', what: 'content' }] } as const;
  const events: BuildEvent[] = [
    planned,
    { type: 'step-started', id: 's3', atMs: 1 },
    { type: 'step-missed', id: 's3', atMs: 2, reason },
    { type: 'step-failed', id: 's3', atMs: 900, message: '[build 3/4] COPY . . would miss: b changed', refused: true },
    { type: 'build-done', atMs: 901, result: 'failed' },
  ];

  test('is neither a hit nor a miss of the report, and took no time worth a word', () => {
    const report = reportOf(events);
    expect(schemaErrors(report)).toEqual([]);
    expect(report.steps[2]).toMatchObject({ status: 'failed', refused: true });
    expect(report.summary).toMatchObject({ hits: 0, misses: 0, refused: 1, criticalPath: [] });
    expect(reportOf([planned]).summary).not.toHaveProperty('refused');
  });

  test('is said in the summary and on the page', () => {
    const collected = collectEvents();
    for (const event of events) collected.handle(event);
    const lines = summaryLines(collected.state()).join('\n');
    expect(lines).toMatch(/✘ \[build 3\/4\] COPY \. \. .* refused {3}b changed$/m);
    expect(lines).toMatch(/ steps: 0 hit, 0 ran, 1 refused · /);
    const page = renderMarkdown(collected.state(), { maxBytes: 10_000 });
    expect(page).toContain('0 hit · 0 ran · 1 refused');
    expect(page).toContain('❌ **refused** | <code>b changed</code> |');
  });
});

describe('a report is as the schema says', () => {
  test('of a build with hits and misses', () => {
    expect(schemaErrors(reportOf(sampleBuild()))).toEqual([]);
  });

  test.each(Object.keys(MISSES) as (keyof typeof MISSES)[])('of a miss: %s', (code) => {
    const report = reportOf([
      planned,
      { type: 'step-started', id: 's3', atMs: 0.25 },
      {
        type: 'step-missed',
        id: 's3',
        atMs: 1,
        reason: { code, message: 'why', changes: [{ path: 'a', what: 'content' }] },
      },
      { type: 'step-done', id: 's3', atMs: 2.75, earlyCutOff: true, usage: { cpuMs: 0.5, maxRssBytes: 4096 } },
      { type: 'hint', message: 'do this' },
      { type: 'build-done', atMs: 3.5, result: 'built' },
    ]);
    expect(schemaErrors(report)).toEqual([]);
    expect(report.steps.find(({ id }) => id === 's3')).toMatchObject({ status: 'miss', reason: { code } });
    expect(report.hints).toEqual(['do this']);
  });

  test.each(Object.keys(HITS) as (keyof typeof HITS)[])('of a hit: %s', (code) => {
    const report = reportOf([
      planned,
      { type: 'step-hit', id: 's3', atMs: 1, savedMs: 12.5, reason: { code, message: code, changes: [] } },
      { type: 'build-done', atMs: 3.5, result: 'built' },
    ]);
    expect(schemaErrors(report)).toEqual([]);
  });

  test('of a build that failed, and one that was cancelled, and one that never began', () => {
    const failed = reportOf([
      planned,
      { type: 'step-started', id: 's2', atMs: 0 },
      { type: 'step-failed', id: 's2', atMs: 10, message: 'exit code: 3', logFile: '/log' },
      { type: 'build-done', atMs: 20, result: 'failed', error: failureOf(new Error('exit code: 3')) },
    ]);
    expect(schemaErrors(failed)).toEqual([]);
    expect(failed).toMatchObject({ error: { code: 'internal', message: 'exit code: 3' } });
    expect(failed.summary.criticalPath).toEqual(['s2']);
    const cancelled = reportOf([
      planned,
      { type: 'step-started', id: 's2', atMs: 0 },
      { type: 'step-cancelled', id: 's2', atMs: 10 },
      { type: 'build-done', atMs: 20, result: 'cancelled', error: failureOf('?') },
    ]);
    expect(schemaErrors(cancelled)).toEqual([]);
    expect(cancelled.steps.map(({ status }) => status)).toEqual(Array.from({ length: 5 }, () => 'cancelled'));
    expect(schemaErrors(reportOf([]))).toEqual([]);
  });
});
