import assert from 'node:assert/strict';
import fc from 'fast-check';
import { test } from 'vitest';
import type { BuildEvent } from '../../../src/progress/index.ts';
import { renderChromeTrace, renderOtlp, type Trace, TraceRecorder } from '../../../src/progress/trace/index.ts';
import { checkedTrace, slicesOf } from '../../rig/chrome-trace.ts';
import { sampleBuild } from '../../rig/events.ts';

const STARTED_AT = Date.UTC(2026, 0, 2);
const BEFORE_MS = 40;

/** As if each event were told at its time, by a process that had run for 40 ms when the build began. */
function traceOf(events: readonly BuildEvent[], endMs = 10_000): Trace {
  let nowMs = 0;
  const recorder = new TraceRecorder({ monotonicMs: () => nowMs, nowMs: () => STARTED_AT + nowMs });
  for (const event of events) {
    if ('atMs' in event) nowMs = BEFORE_MS + event.atMs;
    recorder.handle(event);
  }
  nowMs = endMs;
  return recorder.finish();
}

function chrome(events: readonly BuildEvent[]) {
  return checkedTrace(renderChromeTrace(traceOf(events), { version: '1' }));
}

test('steps are slices on lanes, with their phases inside', () => {
  const events: BuildEvent[] = [
    { type: 'phase', name: 'open', startedMs: 0, atMs: 1 },
    ...sampleBuild().slice(0, -1),
    { type: 'phase', name: 'key', of: 's4', startedMs: 25, atMs: 25.5 },
    { type: 'phase', name: 'run', of: 's4', startedMs: 26, atMs: 9000 },
    { type: 'phase', name: 'process', of: 's4', startedMs: 27, atMs: 8999 },
    ...sampleBuild().slice(-1),
  ];
  const slices = slicesOf(chrome(events));
  const [build, start, open] = slices;
  assert.deepEqual([build?.name, start?.name, open?.name], ['build', 'start', 'open']);
  assert.deepEqual([start?.dur, open?.ts, open?.dur], [40_000, 40_000, 1000]);
  const copy = slices.find(({ name }) => name === '[build 3/4] COPY . .');
  assert.deepEqual([copy?.cat, copy?.ts, copy?.dur], ['step', 44_000, 21_000]);
  assert.deepEqual(copy?.args, {
    ...{ id: 's3', stage: 'build', instruction: 'COPY', file: 'Dockerfile', line: 3 },
    ...{ status: 'miss', reason: 'src/server.ts changed (content)', layerBytes: 2048 },
  });
  const names = slices.map(({ name }) => name);
  assert.deepEqual(names.slice(names.indexOf('key')), [
    'key',
    'run',
    'process',
    ...names.slice(names.indexOf('process') + 1),
  ]);
});

test('hits, misses and pulled bytes are counters', () => {
  const pull = (id: string, done: number, atMs: number): BuildEvent => ({
    type: 'activity-progress',
    ...{ id: `pull ${id}`, item: id, done, atMs },
  });
  const events = chrome([...sampleBuild().slice(0, 9), pull('a', 10, 50), pull('a', 20, 52), pull('b', 5, 60)]);
  const counters = events.filter(({ ph }) => ph === 'C').map(({ name, args }) => [name, args[name]]);
  assert.deepEqual(counters, [
    ['hits', 1],
    ['hits', 2],
    ['pulled bytes', 20],
    ['pulled bytes', 25],
  ]);
});

test('what runs at a time is on lanes of its own; a step that is solved again is two slices', () => {
  const started = (id: string, atMs: number): BuildEvent => ({ type: 'step-started', id, atMs });
  const done = (id: string, atMs: number): BuildEvent => ({ type: 'step-done', id, atMs });
  const slices = slicesOf(
    chrome([started('s1', 1), started('s2', 2), done('s1', 5), started('s1', 6), done('s2', 7), done('s1', 9)]),
  ).filter(({ cat }) => cat === 'step');
  assert.deepEqual(
    slices.map(({ name, tid, ts, dur }) => [name, tid, ts, dur]),
    [
      ['s1', 2, 41_000, 4000],
      ['s1', 2, 46_000, 3000],
      ['s2', 3, 42_000, 5000],
    ],
  );
});

test('what has not ended ends with the trace, and says nothing of output', () => {
  const secret = Buffer.from('the secret');
  const trace = traceOf([
    { type: 'step-started', id: 's1', atMs: 1 },
    { type: 'step-output', id: 's1', atMs: 2, stream: 'stdout', data: secret },
  ]);
  assert.equal(trace.slices[0]?.endMs, 10_000);
  assert.ok(!renderChromeTrace(trace, { version: '1' }).includes('secret'));
});

const ids = fc.constantFrom('s1', 's2', 'pull a', 'export');
const phase = fc.record({
  type: fc.constant('phase' as const),
  name: fc.constantFrom('key', 'run', 'process', 'take-in', 'open'),
  of: ids,
  startedMs: fc.double({ min: -5, max: 1000, noNaN: true }),
  atMs: fc.double({ min: 0, max: 1000, noNaN: true }),
});
const others = fc.tuple(
  fc.constantFrom('step-started', 'step-done', 'activity-started', 'activity-done'),
  ids,
  fc.double({ min: 0, max: 1000, noNaN: true }),
);

test('whatever is told, and in whatever order, the trace is well formed', () => {
  const event = fc.oneof(
    phase,
    others.map(([type, id, atMs]) => ({ type, id, atMs, name: id })),
  );
  fc.assert(fc.property(fc.array(event, { maxLength: 40 }), (events) => void chrome(events as BuildEvent[])));
});

test('OTLP: spans hang on the build, and that on the caller', () => {
  let last = 0;
  const context = { traceId: 'ab'.repeat(16), parentSpanId: 'cd'.repeat(8), traceState: 'a=b' };
  const bodies = renderOtlp(
    traceOf([
      { type: 'step-started', id: 's1', atMs: 1 },
      { type: 'phase', name: 'run', of: 's1', startedMs: 2, atMs: 3 },
      { type: 'step-failed', id: 's1', atMs: 4, message: 'no' },
    ]),
    {
      context,
      resource: new Map([['service.name', 'ci']]),
      version: '1',
      newSpanId: () => String(++last).padStart(16, '0'),
    },
  );
  assert.equal(bodies.length, 1);
  const { resource, scopeSpans } = JSON.parse(bodies[0] ?? '').resourceSpans[0];
  assert.deepEqual(resource.attributes, [{ key: 'service.name', value: { stringValue: 'ci' } }]);
  const spans = scopeSpans[0].spans as Record<string, unknown>[];
  assert.deepEqual(
    spans.map(({ name, parentSpanId }) => [name, parentSpanId]),
    [
      ['build', context.parentSpanId],
      ['start', '1'.padStart(16, '0')],
      ['end', '1'.padStart(16, '0')],
      ['s1', '1'.padStart(16, '0')],
      ['run', '4'.padStart(16, '0')],
    ],
  );
  assert.ok(spans.every(({ traceId, traceState }) => traceId === context.traceId && traceState === 'a=b'));
  assert.deepEqual(spans[3]?.['status'], { code: 2, message: 'no' });
  assert.equal(spans[3]?.['startTimeUnixNano'], `${String(STARTED_AT + 41)}000000`);
});

test('OTLP: thousands of spans go in several requests', () => {
  const events = Array.from({ length: 3000 }, (_, index): BuildEvent[] => [
    { type: 'step-started', id: `s${String(index)}`, atMs: index },
    { type: 'step-done', id: `s${String(index)}`, atMs: index + 1 },
  ]);
  const options = { context: { traceId: 'ab'.repeat(16) }, resource: new Map<string, string>(), version: '1' };
  const bodies = renderOtlp(traceOf(events.flat()), { ...options, newSpanId: () => '1'.repeat(16) });
  assert.deepEqual(
    bodies.map((body) => Number(JSON.parse(body).resourceSpans[0].scopeSpans[0].spans.length)),
    [2000, 1003],
  );
});
