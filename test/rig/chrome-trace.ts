import assert from 'node:assert/strict';

export interface TraceEvent {
  readonly ph: 'X' | 'M' | 'C';
  readonly name: string;
  readonly cat?: string;
  readonly pid: number;
  readonly tid: number;
  readonly ts?: number;
  readonly dur?: number;
  readonly args: Readonly<Record<string, unknown>>;
}

/** The events of a Chrome trace, after its form was checked: whole times, nothing across another's end on a lane. */
export function checkedTrace(text: string): readonly TraceEvent[] {
  const { traceEvents } = JSON.parse(text) as { traceEvents: readonly TraceEvent[] };
  const lanes = new Set(traceEvents.filter((event) => event.name === 'thread_name').map(({ tid }) => tid));
  for (const event of traceEvents) {
    assert.ok(['X', 'M', 'C'].includes(event.ph) && event.name !== '' && event.pid === 1, JSON.stringify(event));
    if (event.ph === 'M') continue;
    assert.ok(Number.isInteger(event.ts) && (event.ts ?? -1) >= 0, JSON.stringify(event));
    if (event.ph === 'C') assert.equal(typeof event.args[event.name], 'number');
    else
      assert.ok(Number.isInteger(event.dur) && (event.dur ?? -1) >= 0 && lanes.has(event.tid), JSON.stringify(event));
  }
  for (const lane of lanes) assertNested(slicesOf(traceEvents).filter(({ tid }) => tid === lane));
  return traceEvents;
}

export type SliceEvent = TraceEvent & { readonly ts: number; readonly dur: number };

export function slicesOf(events: readonly TraceEvent[]): SliceEvent[] {
  return events.filter((event): event is SliceEvent => event.ph === 'X');
}

/** In the order of the file, which is the order of a walk: a child is inside of the slice that is open. */
function assertNested(slices: readonly SliceEvent[]): void {
  const open: SliceEvent[] = [];
  for (const slice of slices) {
    while (open.length > 0 && endOf(open.at(-1)!) <= slice.ts) open.pop();
    const holder = open.at(-1);
    if (holder !== undefined)
      assert.ok(
        slice.ts >= holder.ts && endOf(slice) <= endOf(holder),
        `${slice.name} sticks out of ${holder.name}: ${JSON.stringify([slice, holder])}`,
      );
    open.push(slice);
  }
}

function endOf({ ts, dur }: SliceEvent): number {
  return ts + dur;
}
