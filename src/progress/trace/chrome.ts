import { lanesOf } from './nest.ts';
import type { Slice, Trace } from './trace.ts';

/** One process: all times are of one clock. */
const PID = 1;
const BUILD_LANE = 1;

/** Lanes from top to bottom, by kind of slice. */
const GROUPS = [
  { kind: 'step', name: 'steps' },
  { kind: 'activity', name: 'transfers' },
  { kind: 'phase', name: 'background' },
] as const;

/** The Trace Event Format's object form, which Perfetto and chrome://tracing open: complete events on lanes, and counters. */
export function renderChromeTrace(trace: Trace, { version }: { readonly version: string }): string {
  const events: object[] = [
    named('process_name', 0, 'tsbuild'),
    named('thread_name', BUILD_LANE, 'build'),
    ...eventsOf(trace.build, BUILD_LANE),
  ];
  let lane = BUILD_LANE;
  for (const { kind, name } of GROUPS) {
    for (const slices of lanesOf(trace.slices.filter((slice) => slice.kind === kind))) {
      lane += 1;
      events.push(named('thread_name', lane, name), ...slices.flatMap((slice) => eventsOf(slice, lane)));
    }
  }
  for (const { name, atMs, value } of trace.samples)
    events.push({ ph: 'C', name, pid: PID, tid: 0, ts: microseconds(atMs), args: { [name]: value } });
  const startedAt = new Date(trace.startedAtMs).toISOString();
  const lines = events.map((event) => JSON.stringify(event));
  const rest = JSON.stringify({ displayTimeUnit: 'ms', otherData: { tsbuild: version, startedAt } });
  return `{"traceEvents":[\n${lines.join(',\n')}\n],${rest.slice(1)}\n`;
}

function eventsOf(slice: Slice, tid: number): object[] {
  const ts = microseconds(slice.startMs);
  const args = slice.error === undefined ? slice.args : { ...slice.args, error: slice.error };
  const dur = microseconds(slice.endMs) - ts;
  return [
    { ph: 'X', name: slice.name, cat: slice.kind, pid: PID, tid, ts, dur, args },
    ...slice.children.flatMap((child) => eventsOf(child, tid)),
  ];
}

/** Whole ones: rounding both ends keeps what is inside inside. */
function microseconds(ms: number): number {
  return Math.round(ms * 1000);
}

function named(what: 'process_name' | 'thread_name', tid: number, name: string): object {
  return { ph: 'M', name: what, pid: PID, tid, args: { name } };
}
