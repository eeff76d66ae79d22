import { renameSync } from 'node:fs';
import { join } from 'node:path';
import type { TempPath } from '../files.ts';
import { gateOf, heldIDs } from '../holds.ts';
import type { Lock, Locks } from '../locks.ts';
import type { Tombstones } from '../records/tombstones.ts';
import { removeTree } from '../remove-tree.ts';
import type { SpaceItem } from './item.ts';
import type { Candidate } from './order.ts';
import type { KeptImage, Ownership } from './ownership.ts';

export interface EvictDeps {
  readonly rootDir: string;
  readonly locks: Locks;
  readonly tempPath: TempPath;
  readonly tombstones: Tombstones;
  readonly nowMs: number;
  readonly ownership: Ownership;
  /** Before the first of its bytes goes: nobody is to find a name without its image. */
  readonly forgetImage: (name: string) => void;
}

export interface Evicted {
  readonly items: readonly SpaceItem[];
  /** Names of images that are no more. */
  readonly images: readonly string[];
  /** Below tmp/, relative to the root: what only the worker can delete. */
  readonly leftovers: readonly string[];
}

/**
 * Removes candidates in their order until `bytes` are free, but none that somebody holds. What goes is renamed while the gate is shut, so
 * that no build sees a half of it, and deleted after that.
 */
export async function evict(
  candidates: readonly Candidate[],
  deps: EvictDeps,
  { bytes = Number.POSITIVE_INFINITY, signal }: { bytes?: number; signal: AbortSignal },
): Promise<Evicted> {
  const trash: string[] = [];
  const items: SpaceItem[] = [];
  const images = new Set<KeptImage>();
  const gate = await deps.locks.lock(gateOf(deps.rootDir), 'exclusive', { signal });
  try {
    const held = heldIDs(deps.rootDir);
    let freed = 0;
    for (const { item } of candidates) {
      if (freed >= bytes) break;
      if (held.has(item.id)) continue;
      forgetImages(item, images, deps);
      const path = takeAway(item, deps);
      if (path === undefined) continue;
      trash.push(path);
      items.push(item);
      freed += item.bytes;
    }
    const isNamed = items.filter(({ type }) => type === 'layer' || type === 'record');
    deps.tombstones.add(
      isNamed.map(({ id }) => id),
      deps.nowMs,
    );
  } finally {
    gate.release();
  }
  const leftovers = await empty(trash);
  return { items, images: [...images].map(({ name }) => name).sort(), leftovers };
}

function forgetImages(item: SpaceItem, forgotten: Set<KeptImage>, { ownership, forgetImage }: EvictDeps): void {
  if (ownership.spares.has(item.id)) return;
  for (const image of ownership.images.get(item.id) ?? []) {
    if (image.isPulled || forgotten.has(image) || item.type === 'record') continue;
    forgotten.add(image);
    forgetImage(image.name);
  }
}

/** Where it is now; undefined when somebody uses it, or it is gone. */
function takeAway(item: SpaceItem, { rootDir, locks, tempPath }: EvictDeps): string | undefined {
  const path = join(rootDir, item.path);
  let lock: Lock | undefined;
  if (item.type === 'cache-mount' || item.type === 'context') {
    lock = locks.tryLock(`${path}.lock`, 'exclusive');
    if (lock === undefined) return undefined;
  }
  const trash = tempPath('pruned');
  try {
    renameSync(path, trash);
    return trash;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  } finally {
    lock?.release();
  }
}

async function empty(trash: readonly string[]): Promise<string[]> {
  const left: string[] = [];
  for (const path of trash) {
    try {
      await removeTree(path);
    } catch {
      left.push(`tmp/${path.slice(path.lastIndexOf('/') + 1)}`);
    }
  }
  return left;
}
