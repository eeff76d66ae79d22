import { existsSync, readFileSync, statfsSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  bytesOnDisk,
  type KeptImage,
  lastGrowth,
  type Pruned,
  type PruneRequest,
  pruneRoot,
  type Root,
  type SpaceUsage,
  spaceUsage,
} from '../../cache/index.ts';
import { fileLocks } from '../host/sys/index.ts';
import { listNames, openNames } from '../image/names/index.ts';
import { nowMs } from '../util/clock.ts';
import { type KeptFailure, keptFailures } from './kept-failures.ts';
import { openStateRoot } from './state-root.ts';

/** What takes the space of a root: bytes on disk, seen from several sides. */
export function measureSpace(rootDir: string): MeasuredSpace {
  const usage = spaceUsage(rootDir, { images: keptImages(rootDir), nowMs: nowMs() });
  return { ...usage, failures: keptFailures(rootDir, usage.failures) };
}

export interface MeasuredSpace extends SpaceUsage {
  readonly failures: readonly KeptFailure[];
  readonly unreadable: readonly string[];
}

/** The images that have names in the root. */
export function keptImages(rootDir: string): readonly KeptImage[] {
  return listNames(join(rootDir, 'images')).map(({ name, image }) => ({
    ...{ name, isPulled: image.kind === 'pulled' },
    ...{ manifest: image.manifest, config: image.config, layers: image.layers },
  }));
}

export interface SpaceDeps {
  readonly signal: AbortSignal;
  readonly warn: (message: string) => void;
  /** Deletes files of sub-uids below the root; what it does not delete goes when the root is opened next. */
  readonly removeLeftovers: (paths: readonly string[], root: Root) => Promise<void>;
}

/** Removes what the request means and no build holds; a root that is not there has nothing, and is not made. @throws BuildError root-unusable */
export async function prune(
  rootDir: string,
  request: PruneRequest & { readonly isDryRun?: boolean },
  { signal, warn, removeLeftovers }: SpaceDeps,
): Promise<Pruned> {
  if (!existsSync(rootDir)) return NOTHING;
  await using root = await openStateRoot(rootDir, warn);
  const { dir, tombstones } = root;
  const tempPath = (purpose: string): string => root.tempPath(purpose);
  const names = openNames(root.imagesDir, { now: nowMs, tempPath });
  const pruned = await pruneRoot(request, {
    ...{ rootDir: dir, tombstones, signal },
    ...{ locks: fileLocks, tempPath },
    nowMs: nowMs(),
    images: keptImages(dir),
    forgetImage: (name) => void names.remove(name),
  });
  const leftovers = [...root.leftovers, ...pruned.leftovers];
  if (leftovers.length > 0 && request.isDryRun !== true) await removeLeftovers(leftovers, root);
  return pruned;
}

const NOTHING: Pruned = { items: [], images: [], bytes: 0, bytesBefore: 0, leftovers: [] };

/** Of what is kept when there is too much, so that not every build has to remove something. */
const LOW_WATER = 0.9;
/** How near to the cap a root is measured in any case: so much can reports add, and touched records. */
const NEAR_BYTES = 16e6;
/** How far below the cap the free space of the disk tells enough. */
const FAR_BYTES = 1e9;
/** So long, at most: others may have freed what this root took. */
const TOLD_MS = 60 * 60 * 1000;
const DEFAULT_MAX_BYTES = 20e9;
const DEFAULT_SHARE = 0.1;

/** 20 GB, or a tenth of a disk that has less than 200 GB. */
export function defaultCacheMax(dir: string): number {
  const { blocks, bsize } = statfsSync(dir);
  return Math.min(DEFAULT_MAX_BYTES, blocks * bsize * DEFAULT_SHARE);
}

export interface CapOptions extends SpaceDeps {
  /** The default when absent. */
  readonly maxBytes?: number | undefined;
  /** Nothing ran: then it is looked whether something was added before everything is measured. */
  readonly hasOnlyHits: boolean;
}

/**
 * Brings the root below its cap, by what costs least to make again. What running builds hold stays; each of them does this at its end.
 * @returns undefined when there was nothing to do
 */
export async function enforceCap(rootDir: string, options: CapOptions): Promise<Pruned | undefined> {
  if (!existsSync(join(rootDir, 'leases'))) return undefined;
  const { maxBytes = defaultCacheMax(rootDir), hasOnlyHits } = options;
  const file = join(rootDir, 'space');
  const known = readMeasure(file);
  if (
    known !== undefined &&
    (isFarBelow(known, maxBytes, rootDir) || (hasOnlyHits && isAsItWas(known, maxBytes, rootDir)))
  )
    return undefined;
  // There before it is counted, with the block that it is going to take.
  writeFileSync(file, NO_MEASURE, { mode: 0o600 });
  const bytes = bytesOnDisk(rootDir);
  const pruned =
    bytes > maxBytes
      ? await prune(rootDir, { all: true, keepBytes: Math.floor(maxBytes * LOW_WATER) }, options)
      : undefined;
  // Written after everything that went: its time says until when this holds.
  writeFileSync(file, `${bytes - (pruned?.bytes ?? 0)} ${freeBytes(rootDir)}`, { mode: 0o600 });
  return pruned;
}

const NO_MEASURE = '-';

/** What the root took, and what was free of its disk then. */
interface Measure {
  readonly bytes: number;
  readonly freeBytes: number;
  readonly atMs: number;
}

function readMeasure(file: string): Measure | undefined {
  try {
    const [, bytes, free] = /^(\d+) (\d+)$/.exec(readFileSync(file, 'utf8')) ?? [];
    if (bytes === undefined || free === undefined) return undefined;
    return { bytes: Number(bytes), freeBytes: Number(free), atMs: Math.floor(statSync(file).mtimeMs) };
  } catch {
    return undefined;
  }
}

/** However much of what the disk has lost since is the root's. */
function isFarBelow({ bytes, freeBytes: before, atMs }: Measure, maxBytes: number, rootDir: string): boolean {
  const ageMs = nowMs() - atMs;
  const lost = Math.max(0, before - freeBytes(rootDir));
  return ageMs >= 0 && ageMs < TOLD_MS && bytes + lost + FAR_BYTES <= maxBytes;
}

/** Nothing that is large has come since. */
function isAsItWas({ bytes, atMs }: Measure, maxBytes: number, rootDir: string): boolean {
  return bytes <= maxBytes - NEAR_BYTES && Math.floor(lastGrowth(rootDir)) <= atMs;
}

function freeBytes(dir: string): number {
  const { bfree, bsize } = statfsSync(dir);
  return bfree * bsize;
}
