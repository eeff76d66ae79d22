import { statSync } from 'node:fs';
import { join } from 'node:path';
import { namesIn } from '../files.ts';
import { listRecords } from '../records/list.ts';
import { type EvictDeps, type Evicted, evict } from './evict.ts';
import type { SpaceItem } from './item.ts';
import { type Candidate, evictionOrder } from './order.ts';
import { type KeptImage, ownershipOf } from './ownership.ts';
import { type PruneRequest, selected } from './select.ts';
import { surveyRoot } from './survey.ts';
import { type SpaceUsage, usageOf } from './usage.ts';

export type { SpaceItem, SpaceKind } from './item.ts';
export type { KeptImage } from './ownership.ts';
export type { PruneRequest } from './select.ts';
export type { Share, SpaceUsage } from './usage.ts';

/** What takes the space of a root. Reads only; a root that is not there takes none. */
export function spaceUsage(
  rootDir: string,
  { images, nowMs }: { images: readonly KeptImage[]; nowMs: number },
): SpaceUsage & { readonly unreadable: readonly string[] } {
  const survey = surveyRoot(rootDir);
  const records = listRecords(join(rootDir, 'records/v1'));
  const ownership = ownershipOf({ rootDir, items: survey.items, records, images });
  return { ...usageOf(survey, ownership, nowMs), unreadable: survey.unreadable };
}

export interface PruneDeps extends Pick<EvictDeps, 'rootDir' | 'locks' | 'tempPath' | 'tombstones' | 'nowMs'> {
  readonly images: readonly KeptImage[];
  /** Takes an image's name out of the index. */
  readonly forgetImage: (name: string) => void;
  readonly signal: AbortSignal;
}

export interface Pruned extends Evicted {
  /** On disk, of all items. */
  readonly bytes: number;
  /** Of the root, before. */
  readonly bytesBefore: number;
}

/** Removes what the request means and nobody holds; with `isDryRun`, tells what that would be, the held ones included. */
export async function pruneRoot(
  request: PruneRequest & { readonly isDryRun?: boolean },
  deps: PruneDeps,
): Promise<Pruned> {
  const { rootDir, images, nowMs } = deps;
  const { items, bytes: bytesBefore } = surveyRoot(rootDir);
  const records = [...listRecords(join(rootDir, 'records/v1'))];
  const ownership = ownershipOf({ rootDir, items, records, images });
  const candidates = selected(evictionOrder(items, ownership, nowMs), request, ownership);
  const bytes = request.keepBytes === undefined ? Number.POSITIVE_INFINITY : bytesBefore - request.keepBytes;
  if (request.isDryRun === true) return { ...wouldEvict(candidates, bytes), bytesBefore };
  const evicted = await evict(candidates, { ...deps, ownership }, { bytes, signal: deps.signal });
  return { ...evicted, bytes: sizeOf(evicted.items), bytesBefore };
}

/** What `du` says of the root. */
export function bytesOnDisk(rootDir: string): number {
  return surveyRoot(rootDir, { remembers: true }).bytes;
}

/** When a layer or a blob was last put into the root, or removed; milliseconds since the epoch. */
export function lastGrowth(rootDir: string): number {
  const blobs = join(rootDir, 'content/v1/sha256');
  const dirs = [join(rootDir, 'layers/v1'), blobs, ...namesIn(blobs).map((name) => join(blobs, name))];
  return Math.max(...dirs.map((dir) => statSync(dir, { throwIfNoEntry: false })?.mtimeMs ?? 0));
}

function wouldEvict(candidates: readonly Candidate[], limit: number): Omit<Pruned, 'bytesBefore'> {
  const items: SpaceItem[] = [];
  let bytes = 0;
  for (const { item } of candidates) {
    if (bytes >= limit) break;
    items.push(item);
    bytes += item.bytes;
  }
  return { items, bytes, images: [], leftovers: [] };
}

function sizeOf(items: readonly SpaceItem[]): number {
  return items.reduce((sum, item) => sum + item.bytes, 0);
}
