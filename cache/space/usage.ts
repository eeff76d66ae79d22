import type { CacheRecord } from '../types.ts';
import { SPACE_KINDS, type SpaceItem, type SpaceKind } from './item.ts';
import type { KeptImage, Ownership } from './ownership.ts';
import type { Survey } from './survey.ts';

/** Bytes of something, and how many of them others need, too. */
export interface Share {
  readonly name: string;
  readonly bytes: number;
  readonly sharedBytes: number;
}

/** What takes the space of a root, seen from several sides. */
export interface SpaceUsage {
  /** What `du` says of the root. */
  readonly bytes: number;
  /** Add up to `bytes`. */
  readonly kinds: readonly { readonly kind: SpaceKind; readonly bytes: number }[];
  readonly images: readonly Share[];
  /** By Dockerfile and context, with their stages. */
  readonly dockerfiles: readonly (Share & { readonly stages: readonly Share[] })[];
  /** What was kept of failed RUNs, by id. */
  readonly failures: readonly { readonly id: string; readonly bytes: number }[];
  /** By the time of the last use; adds up to what can be removed. */
  readonly ages: readonly { readonly age: Age; readonly bytes: number }[];
}

const HOUR = 3_600_000;
const AGES = [
  ['hour', HOUR],
  ['day', 24 * HOUR],
  ['week', 7 * 24 * HOUR],
  ['month', 30 * 24 * HOUR],
  ['older', Number.POSITIVE_INFINITY],
] as const;
/** Used within the last … */
export type Age = (typeof AGES)[number][0];

export function usageOf({ items, bytes }: Survey, { images, records }: Ownership, nowMs: number): SpaceUsage {
  const byImage = new Shares();
  const byPlace = new Shares();
  const byStage = new Map<string, Shares>();
  for (const item of items) {
    byImage.add(
      item,
      names(images.get(item.id), (image) => image.name),
    );
    byPlace.add(
      item,
      names(records.get(item.id), ({ place }) => place.build),
    );
    for (const [build, stages] of stagesOf(records.get(item.id))) {
      const shares = byStage.get(build) ?? new Shares();
      byStage.set(build, shares);
      shares.add(item, stages);
    }
  }
  return {
    bytes,
    kinds: SPACE_KINDS.map((kind) => ({ kind, bytes: sum(items.map(({ parts }) => parts[kind] ?? 0)) })),
    images: byImage.list(),
    dockerfiles: byPlace.list().map((one) => ({ ...one, stages: byStage.get(one.name)?.list() ?? [] })),
    failures: items.flatMap(({ type, id, bytes: size }) => (type === 'failure' ? [{ id, bytes: size }] : [])),
    ages: agesOf(items, nowMs),
  };
}

/** Adds up bytes by owner; what has several owners is shared. */
class Shares {
  readonly #shares = new Map<string, { bytes: number; sharedBytes: number }>();

  add({ bytes }: SpaceItem, owners: ReadonlySet<string>): void {
    for (const owner of owners) {
      const share = this.#shares.get(owner) ?? { bytes: 0, sharedBytes: 0 };
      this.#shares.set(owner, share);
      share.bytes += bytes;
      if (owners.size > 1) share.sharedBytes += bytes;
    }
  }

  /** The heaviest first. */
  list(): Share[] {
    const shares = [...this.#shares].map(([name, share]) => ({ name, ...share }));
    return shares.sort((one, other) => other.bytes - one.bytes || (one.name < other.name ? -1 : 1));
  }
}

function names<T extends KeptImage | CacheRecord>(
  owners: ReadonlySet<T> | undefined,
  nameOf: (owner: T) => string,
): ReadonlySet<string> {
  return new Set([...(owners ?? [])].map(nameOf));
}

function stagesOf(records: ReadonlySet<CacheRecord> | undefined): ReadonlyMap<string, ReadonlySet<string>> {
  const stages = new Map<string, Set<string>>();
  // A record of no stage is the context's.
  for (const { place } of records ?? [])
    if (place.stage !== '') stages.set(place.build, (stages.get(place.build) ?? new Set()).add(place.stage));
  return stages;
}

function agesOf(items: readonly SpaceItem[], nowMs: number): SpaceUsage['ages'] {
  const bytes = new Map<Age, number>(AGES.map(([age]) => [age, 0]));
  for (const item of items) {
    const age = AGES.find(([, limit]) => nowMs - item.lastUsedAt < limit)?.[0] ?? 'older';
    if (item.type !== 'fixed') bytes.set(age, (bytes.get(age) ?? 0) + item.bytes);
  }
  return [...bytes].map(([age, count]) => ({ age, bytes: count }));
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, one) => total + one, 0);
}
