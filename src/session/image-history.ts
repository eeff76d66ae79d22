import type { PlannedHistory, Vertex } from '../graph/index.ts';
import type { HistoryEntry } from '../image/oci/index.ts';

const COMMENT = 'buildkit.dockerfile.v0';
/** Of entries that are there only because a layer is. */
const UNTOLD = 'buildkit.exporter.image.v0';

export interface HistoryFacts {
  readonly planned: readonly PlannedHistory[];
  /** Of the whole image. */
  readonly layerCount: number;
  /** SOURCE_DATE_EPOCH. */
  readonly epochSec: number | undefined;
  /** When a vertex's layer was made; undefined where nobody knows. */
  readonly madeAtMs: (vertex: Vertex) => number | undefined;
}

/**
 * An image's history, with as many entries of layers as it has layers, whatever its base says. With an epoch all entries of this build have
 * its time; without one a metadata entry has that of the layer below it, or of the first layer of this build. A base's own entries keep
 * theirs.
 */
export function imageHistory(facts: HistoryFacts): HistoryEntry[] {
  const entries = facts.planned.flatMap((planned) => (planned.kind === 'untold' ? [] : [entryOf(planned, facts)]));
  return dated(fitted(entries, facts));
}

function entryOf(planned: Exclude<PlannedHistory, { kind: 'untold' }>, facts: HistoryFacts): HistoryEntry {
  if (planned.kind === 'base') return planned.entry;
  const told = { created_by: planned.createdBy, comment: COMMENT };
  if (planned.kind === 'layer') return withTime(told, planned.vertex, facts);
  return { ...withTime(told, undefined, facts), empty_layer: true };
}

/** @param vertex whose layer is told of */
function withTime(entry: HistoryEntry, vertex: Vertex | undefined, { epochSec, madeAtMs }: HistoryFacts): HistoryEntry {
  const madeAt = vertex === undefined ? undefined : madeAtMs(vertex);
  const ms = epochSec === undefined ? madeAt : epochSec * 1000;
  return ms === undefined ? entry : { created: timeText(ms), ...entry };
}

/** Entries beyond the last layer have none; layers beyond the last entry get one. */
function fitted(entries: readonly HistoryEntry[], facts: HistoryFacts): HistoryEntry[] {
  const { layerCount } = facts;
  let told = 0;
  const fitting = entries.map((entry) => {
    if (entry.empty_layer === true) return entry;
    told += 1;
    return told > layerCount ? { ...entry, empty_layer: true } : entry;
  });
  return [...fitting, ...lastLayers(Math.max(0, layerCount - told), facts)];
}

/** As BuildKit does it: the first layers without an entry are missed, the last ones are told of once more. */
function lastLayers(count: number, facts: HistoryFacts): HistoryEntry[] {
  const layers = facts.planned.flatMap((planned) =>
    planned.kind === 'layer' || planned.kind === 'untold' ? [planned] : [],
  );
  const shown = layers.slice(Math.max(0, layers.length - count));
  const unknown = { created_by: 'created by buildkit', comment: UNTOLD };
  return [
    ...new Array<HistoryEntry>(count - shown.length).fill(unknown),
    ...shown.map(({ description, vertex }) => withTime({ created_by: description, comment: UNTOLD }, vertex, facts)),
  ];
}

/** Fills in the times that are missing, as BuildKit's exporter does it. */
function dated(entries: readonly HistoryEntry[]): HistoryEntry[] {
  const gap = entries.findIndex(({ created }) => created === undefined);
  const after = entries.slice(Math.max(gap, 0)).find(({ created }) => created !== undefined);
  let created = (after ?? entries[gap - 1])?.created;
  return entries.map((entry, index) => {
    if (entry.created === undefined) return { ...entry, ...(created === undefined ? {} : { created }) };
    if (index > gap) created = entry.created;
    return entry;
  });
}

/** As Go writes times: no zeros at the end of a fraction. */
export function timeText(ms: number): string {
  return new Date(ms).toISOString().replace(/\.?0*Z$/, 'Z');
}
