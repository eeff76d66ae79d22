import { isDigest } from '../digest.ts';
import { publishBytes, readIfThere, type TempPath } from '../files.ts';
import { appendLine, parseLines, renderLine } from './lines.ts';

/** When layers and records were pruned, so that a miss can say so. */
export interface Tombstones {
  /** Milliseconds since the epoch; undefined for what was not pruned, or long ago. */
  prunedAt(digest: string): number | undefined;
  add(digests: readonly string[], atMs: number): void;
}

const MAX_TOMBSTONES = 10_000;

export function openTombstones(path: string, tempPath: TempPath): Tombstones {
  let known: Map<string, number> | undefined;
  return {
    prunedAt(digest) {
      known ??= readTombstones(path);
      return known.get(digest);
    },
    add(digests, atMs) {
      if (digests.length === 0) return;
      appendLine(path, JSON.stringify({ atMs, digests }));
      known = readTombstones(path);
      if (known.size > 2 * MAX_TOMBSTONES) publishBytes(path, render(known), tempPath);
    },
  };
}

function render(known: ReadonlyMap<string, number>): string {
  const newest = [...known].slice(-MAX_TOMBSTONES);
  return newest.map(([digest, atMs]) => renderLine(JSON.stringify({ atMs, digests: [digest] }))).join('');
}

/** When what was pruned, in milliseconds since the epoch; oldest first. What was pruned twice counts as of the last time. */
export function readTombstones(path: string): Map<string, number> {
  const found = new Map<string, number>();
  for (const text of parseLines(readIfThere(path)?.toString('utf8') ?? '').texts) {
    const { atMs, digests } = parseLine(text);
    for (const digest of digests) {
      found.delete(digest);
      found.set(digest, atMs);
    }
  }
  return found;
}

function parseLine(text: string): { atMs: number; digests: readonly string[] } {
  try {
    const { atMs, digests } = JSON.parse(text) as { atMs: unknown; digests: unknown };
    if (typeof atMs === 'number' && Array.isArray(digests))
      return { atMs, digests: digests.filter((one) => typeof one === 'string' && isDigest(one)) };
  } catch {
    // What no version wrote says nothing.
  }
  return { atMs: 0, digests: [] };
}
