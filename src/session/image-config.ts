import type { PlannedHistory, Target } from '../graph/index.ts';
import type { HistoryEntry, ImageConfig } from '../image/oci/index.ts';
import { type Solution, stackOf } from '../solver/index.ts';

const COMMENT = 'buildkit.dockerfile.v0';

/**
 * The target's config with what only the solve can tell: diff_ids, and times. A layer's entry has the time of the record its
 * layer came from, a metadata entry that of the nearest layer below, so that a cached rebuild gives the same bytes.
 */
export function imageConfig(target: Target, solution: Solution): ImageConfig {
  const layers = stackOf(solution.of(target.vertex).result);
  const history = datedHistory(target, solution);
  const created = history.at(-1)?.created ?? timeText(target.epoch === undefined ? 0 : target.epoch * 1000);
  return {
    ...target.config,
    created,
    rootfs: { type: 'layers', diff_ids: layers.map((layer) => layer.diffID) },
    history,
  };
}

function datedHistory(target: Target, solution: Solution): HistoryEntry[] {
  const entries: HistoryEntry[] = [];
  let lastMs: number | undefined;
  for (const planned of target.history) {
    if (planned.kind === 'layer') lastMs = solution.of(planned.vertex).createdAt ?? lastMs;
    const entry = entryOf(planned, { created: createdOf(lastMs, entries.at(-1)?.created, target.epoch) });
    entries.push(entry);
  }
  return entries;
}

function entryOf(planned: PlannedHistory, { created }: { created: string }): HistoryEntry {
  if (planned.kind === 'base') return planned.entry;
  const common = { created, created_by: planned.createdBy, comment: COMMENT };
  return planned.kind === 'empty' ? { ...common, empty_layer: true } : common;
}

/** SOURCE_DATE_EPOCH clamps the times of this build; a base image's own entries keep theirs. */
function createdOf(ms: number | undefined, below: string | undefined, epoch: number | undefined): string {
  if (ms === undefined) return epoch === undefined ? (below ?? timeText(0)) : timeText(epoch * 1000);
  return timeText(epoch === undefined ? ms : Math.min(ms, epoch * 1000));
}

function timeText(ms: number): string {
  return new Date(ms).toISOString();
}
