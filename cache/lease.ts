import { randomBytes } from 'node:crypto';
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { removeFile, type Warn } from './files.ts';
import type { Lock, Locks } from './locks.ts';
import { removeTree } from './remove-tree.ts';

/** A hold on a root: as long as its file is locked, whatever is named after it is in use. */
export interface Lease {
  /** Temp files, cgroups and networks of the holder are named `tsbuild-<name>…`. */
  readonly name: string;
  /** Gives the lease up. */
  end(): void;
}

const PREFIX = 'tsbuild-';

/** @throws what the lock throws, when the directory cannot be written or its file system cannot lock */
export function takeLease(leasesDir: string, locks: Locks): Lease {
  for (;;) {
    const name = randomBytes(8).toString('hex');
    const path = join(leasesDir, PREFIX + name);
    // Somebody who looks for abandoned leases can be faster; then under another name.
    const lock = locks.tryLock(path, 'exclusive');
    if (lock !== undefined) return { name, end: () => end(path, lock) };
  }
}

/** In this order: a file that is gone can be locked by nobody. */
function end(path: string, lock: Lock): void {
  removeFile(path);
  lock.release();
}

/** Removes leases that nobody holds; returns their names, of the holders that died. */
export function endAbandoned(leasesDir: string, locks: Locks): string[] {
  const abandoned: string[] = [];
  for (const file of readdirSync(leasesDir)) {
    if (!file.startsWith(PREFIX)) continue;
    const path = join(leasesDir, file);
    const lock = locks.tryLock(path, 'shared');
    if (lock === undefined) continue;
    end(path, lock);
    abandoned.push(file.slice(PREFIX.length));
  }
  return abandoned;
}

export interface TempSweep {
  readonly tempDir: string;
  readonly leasesDir: string;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  readonly onWarning: Warn;
}

const DAY_MS = 24 * 60 * 60 * 1000;

/**
 * Removes temp files whose lease is gone, and those of no lease that are a day old. Returns the names of what it may not remove:
 * directories with files of sub-uids.
 */
export async function removeAbandonedTemps({ tempDir, leasesDir, now, onWarning }: TempSweep): Promise<string[]> {
  const names = readdirSync(tempDir);
  if (names.length === 0) return [];
  // Read after the temp files: a lease is older than every file that is named after it.
  const leases = new Set(readdirSync(leasesDir));
  const left: string[] = [];
  for (const name of names) {
    const lease = /^tsbuild-[0-9a-f]+/.exec(name)?.[0];
    const path = join(tempDir, name);
    if (lease === undefined ? !isOlderThan(path, now() - DAY_MS) : leases.has(lease)) continue;
    try {
      await removeTree(path);
    } catch (error) {
      left.push(name);
      const { code, message } = error as NodeJS.ErrnoException;
      // What belongs to sub-ids is for the worker, without a word.
      if (code !== 'EACCES' && code !== 'EPERM')
        onWarning(`${path} was left by an earlier build and cannot be removed: ${message}`);
    }
  }
  return left;
}

/** Of this lease alone, at its end. Silent: what stays is removed when the root is opened next. */
export async function removeTempsOf(lease: string, tempDir: string): Promise<void> {
  for (const name of readdirSync(tempDir)) {
    if (!name.startsWith(PREFIX + lease)) continue;
    await removeTree(join(tempDir, name)).catch(() => undefined);
  }
}

function isOlderThan(path: string, timeMs: number): boolean {
  const stat = statSync(path, { throwIfNoEntry: false });
  return stat !== undefined && stat.mtimeMs < timeMs;
}
