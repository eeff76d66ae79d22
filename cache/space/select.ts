import type { SpaceItem } from './item.ts';
import { type Candidate, lastUse } from './order.ts';
import type { Ownership } from './ownership.ts';

/** What is to be pruned. */
export interface PruneRequest {
  /** Named images, records and reports, too. */
  readonly all?: boolean;
  /** Only of these types. */
  readonly types?: ReadonlySet<SpaceItem['type']> | undefined;
  /** Only what was not used since; milliseconds since the epoch. */
  readonly unusedSince?: number | undefined;
  /** Only items whose id, or its hex part, begins with this. */
  readonly id?: string | undefined;
  /** Stop when the root takes no more. */
  readonly keepBytes?: number | undefined;
}

/** The candidates that the request means, in their order. */
export function selected(
  candidates: readonly Candidate[],
  { all = false, types, unusedSince, id }: PruneRequest,
  ownership: Ownership,
): readonly Candidate[] {
  return candidates.filter(({ item, tier }) => {
    const isNamed = types?.has(item.type) === true || id !== undefined;
    const isKept = !all && (tier === 'image' || (tier === 'record' && !isNamed));
    const isOther = types?.has(item.type) === false || (id !== undefined && !isCalled(item, id));
    return !isKept && !isOther && (unusedSince === undefined || lastUse(item, ownership) < unusedSince);
  });
}

function isCalled(item: SpaceItem, id: string): boolean {
  return item.id.startsWith(id) || item.id.startsWith(`sha256:${id}`);
}
