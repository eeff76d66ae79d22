import type { PlannedHistory, Vertex } from '../graph/index.ts';
import type { HistoryEntry } from '../image/oci/index.ts';

const COMMENT = 'buildkit.dockerfile.v0';
/** What BuildKit writes where a base image says nothing of a layer. */
const UNTOLD: HistoryEntry = { created_by: 'created by buildkit', comment: 'buildkit.exporter.image.v0' };

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
  const entries = facts.planned.map((planned) => entryOf(planned, facts));
  return dated(fitted(entries, facts.layerCount));
}

function entryOf(planned: PlannedHistory, facts: HistoryFacts): HistoryEntry {
  if (planned.kind === 'base') return planned.entry;
  const created = createdOf(planned, facts);
  const entry = { ...(created === undefined ? {} : { created }), created_by: planned.createdBy, comment: COMMENT };
  return planned.kind === 'empty' ? { ...entry, empty_layer: true } : entry;
}

function createdOf(
  planned: Exclude<PlannedHistory, { kind: 'base' }>,
  { epochSec, madeAtMs }: HistoryFacts,
): string | undefined {
  if (epochSec !== undefined) return timeText(epochSec * 1000);
  const ms = planned.kind === 'layer' ? madeAtMs(planned.vertex) : undefined;
  return ms === undefined ? undefined : timeText(ms);
}

/** Entries beyond the last layer have none; layers beyond the last entry get one. */
function fitted(entries: readonly HistoryEntry[], layerCount: number): HistoryEntry[] {
  let told = 0;
  const fitting = entries.map((entry) => {
    if (entry.empty_layer === true) return entry;
    told += 1;
    return told > layerCount ? { ...entry, empty_layer: true } : entry;
  });
  return [...fitting, ...new Array<HistoryEntry>(Math.max(0, layerCount - told)).fill(UNTOLD)];
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
