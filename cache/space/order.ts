import type { CacheRecord } from '../types.ts';
import type { SpaceItem } from './item.ts';
import type { Ownership } from './ownership.ts';

/** What an item is for: lower ones go first. */
export const TIERS = ['failure', 'cache', 'record', 'image'] as const;
export type Tier = (typeof TIERS)[number];

export interface Candidate {
  readonly item: SpaceItem;
  readonly tier: Tier;
  /** Milliseconds that making it again would cost, by byte, less for what was not used for days. */
  readonly value: number;
}

const DOWNLOAD_BYTES_PER_MS = 10_000;
const COMPRESS_BYTES_PER_MS = 40_000;
const ROUND_TRIP_MS = 200;
const DAY_MS = 24 * 60 * 60 * 1000;

/**
 * In which order items go: failures, then what no image needs that was built here, then records and reports, then those images. Within
 * each what costs least to make again by byte, but a layer never before one that stands on it: without it that one could not be made again.
 */
export function evictionOrder(items: readonly SpaceItem[], ownership: Ownership, nowMs: number): readonly Candidate[] {
  const candidates = new Map<string, Candidate>();
  for (const item of items) {
    if (item.type === 'fixed') continue;
    const days = Math.max(0, nowMs - lastUse(item, ownership)) / DAY_MS;
    const value = costOf(item, ownership) / Math.max(item.bytes, 1) / (1 + days);
    candidates.set(item.path, { item, tier: tierOf(item, ownership), value });
  }
  const heights = raiseParents(candidates, ownership);
  return [...candidates.values()].sort(
    (one, other) =>
      TIERS.indexOf(one.tier) - TIERS.indexOf(other.tier) ||
      one.value - other.value ||
      (heights.get(one.item.id) ?? 0) - (heights.get(other.item.id) ?? 0) ||
      one.item.lastUsedAt - other.item.lastUsedAt ||
      (one.item.path < other.item.path ? -1 : 1),
  );
}

/** A hit marks the record as used; only what needs the bytes marks them. */
export function lastUse(item: SpaceItem, { records }: Ownership): number {
  return Math.max(item.lastUsedAt, ...[...(records.get(item.id) ?? [])].map((record) => record.lastUsedAt));
}

function tierOf({ id, type }: SpaceItem, { images, spares }: Ownership): Tier {
  if (type === 'failure') return 'failure';
  if (type === 'record' || type === 'report') return 'record';
  if (spares.has(id)) return 'cache';
  return [...(images.get(id) ?? [])].some((image) => !image.isPulled) ? 'image' : 'cache';
}

function costOf({ id, type, bytes }: SpaceItem, { images, records, spares }: Ownership): number {
  const download = ROUND_TRIP_MS + bytes / DOWNLOAD_BYTES_PER_MS;
  if (type === 'layer') {
    const made = [...(records.get(id) ?? [])].map((record) => record.costMs);
    return Math.max(0, ...made, images.has(id) ? download : 0);
  }
  if (spares.has(id)) return bytes / COMPRESS_BYTES_PER_MS;
  return type === 'report' || type === 'record' ? bytes / DOWNLOAD_BYTES_PER_MS : download;
}

/** A layer counts for as much as the dearest one that stands on it. Returns how many stand on each layer, one on the other. */
function raiseParents(candidates: Map<string, Candidate>, ownership: Ownership): ReadonlyMap<string, number> {
  const paths = new Map<string, string>();
  for (const { item } of candidates.values()) if (item.type === 'layer') paths.set(item.id, item.path);
  const above = layersAbove(ownership, paths);
  const heights = new Map<string, number>();
  const raise = (id: string): Candidate | undefined => {
    const path = paths.get(id) ?? '';
    const own = candidates.get(path);
    if (own === undefined || heights.has(id)) return own;
    // Set before the look above: stacks that hold two layers in both orders end here.
    heights.set(id, 0);
    let raised = own;
    for (const one of above.get(id) ?? []) {
      const other = raise(one);
      if (other !== undefined) raised = dearer(raised, other);
      heights.set(id, Math.max(heights.get(id) ?? 0, 1 + (heights.get(one) ?? 0)));
    }
    candidates.set(path, raised);
    return raised;
  };
  for (const id of paths.keys()) raise(id);
  return heights;
}

/** By layer, what lies right above it in some stack, of layers that are here. */
function layersAbove(
  ownership: Ownership,
  here: ReadonlyMap<string, string>,
): ReadonlyMap<string, ReadonlySet<string>> {
  const above = new Map<string, Set<string>>();
  for (const stack of stacksOf(ownership)) {
    const present = stack.filter((id) => here.has(id));
    for (const [index, id] of present.entries()) {
      const next = present[index + 1];
      if (next !== undefined && next !== id) above.set(id, (above.get(id) ?? new Set()).add(next));
    }
  }
  return above;
}

function dearer(own: Candidate, above: Candidate): Candidate {
  const byTier = TIERS.indexOf(own.tier) - TIERS.indexOf(above.tier);
  const isAbove = byTier < 0 || (byTier === 0 && own.value < above.value);
  return isAbove ? { ...own, tier: above.tier, value: above.value } : own;
}

/** Stacks of diffIDs, bottom to top, of images and of what records stood on. */
function stacksOf({ images, records, contents }: Ownership): readonly (readonly string[])[] {
  const all = new Set<CacheRecord>([...records.values()].flatMap((set) => [...set]));
  const kept = new Set([...images.values()].flatMap((set) => [...set]));
  const stacks = [...kept].map(({ layers }) => layers.map(({ diffID }) => diffID as string));
  for (const { material, layers } of all)
    stacks.push([
      ...material.inputs.flatMap((input) => [...(contents.get(input) ?? [])]),
      ...layers.map(({ diffID }) => diffID),
    ]);
  return stacks;
}
