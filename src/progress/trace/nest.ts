import type { Slice } from './trace.ts';

/**
 * A slice's phases as a tree: each inside of what holds it, none across another's end. Clocks of two processes do not agree to the
 * microsecond: what sticks out is cut.
 */
export function nest(parent: Slice): Slice[] {
  const sorted = [...parent.children].sort((a, b) => a.startMs - b.startMs || b.endMs - a.endMs);
  const top: Slice = { ...parent, children: [] };
  const open = [top];
  for (const child of sorted) {
    while (open.length > 1 && (open.at(-1)?.endMs ?? 0) <= child.startMs) open.pop();
    const holder = open.at(-1) ?? top;
    const startMs = between(child.startMs, holder);
    const placed = { ...child, startMs, endMs: Math.max(startMs, between(child.endMs, holder)), children: [] };
    holder.children.push(placed);
    if (placed.endMs > placed.startMs) open.push(placed);
  }
  return top.children;
}

function between(ms: number, { startMs, endMs }: Slice): number {
  return Math.min(Math.max(ms, startMs), endMs);
}

/** Slices on as few lanes as they fit without overlap, each lane in order. */
export function lanesOf(slices: readonly Slice[]): Slice[][] {
  const lanes: Slice[][] = [];
  for (const slice of [...slices].sort((a, b) => a.startMs - b.startMs || b.endMs - a.endMs)) {
    const free = lanes.find((lane) => (lane.at(-1)?.endMs ?? 0) <= slice.startMs);
    if (free === undefined) lanes.push([slice]);
    else free.push(slice);
  }
  return lanes;
}
