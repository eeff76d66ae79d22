import { chmodSync, mkdirSync, readdirSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { type BuildStore, buildIDOf, openBuildStore } from './builds/store.ts';
import { type ContentStore, openContentStore } from './content/store.ts';
import { digestOf, hexOf } from './digest.ts';
import { makeDirectories, type TempPath, type Warn } from './files.ts';
import { type Holds, openHolds } from './holds.ts';
import { type LayerStore, openLayerStore } from './layers/store.ts';
import { endAbandoned, type Lease, removeAbandonedTemps, removeTempsOf, takeLease } from './lease.ts';
import type { Locks } from './locks.ts';
import { type Memo, openMemo } from './memo.ts';
import { openRecordStore, type RecordStore } from './records/store.ts';
import { openTombstones, type Tombstones } from './records/tombstones.ts';
import { RootError, rootErrorOf } from './root-error.ts';
import type { QuickSignature } from './stat/file.ts';
import { openStatIndex, type StatIndex } from './stat/index.ts';

/** The state directory of tsbuild, opened and held by a lease until it is disposed. */
export interface Root extends AsyncDisposable {
  /** Absolute. */
  readonly dir: string;
  /** Whatever this holder makes outside the stores is named `tsbuild-<lease>…`. */
  readonly lease: string;
  /** Names this build: its stored report and its logs. */
  readonly buildID: string;
  readonly builds: BuildStore;
  readonly content: ContentStore;
  readonly records: RecordStore;
  readonly layers: LayerStore;
  readonly memo: Memo;
  readonly tombstones: Tombstones;
  /** The stat index of that name; one object per name. Saved when the root is disposed, too. */
  stat(name: string): StatIndex;
  /** A new name below tmp/; nothing is there yet. */
  tempPath(purpose: string): string;
  readonly mountsDir: string;
  readonly logsDir: string;
  readonly imagesDir: string;
  /** An empty directory to mount something on. */
  readonly runDir: string;
  readonly tempDir: string;
  /** Leases whose holders died before this root was opened: what is named after them outside the root can go. */
  readonly abandonedLeases: readonly string[];
  /** Names relative to the root of what only the worker can remove: files of sub-uids that an earlier build left. */
  readonly leftovers: readonly string[];
}

export interface RootOptions {
  readonly locks: Locks;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  readonly onWarning: Warn;
  readonly quickSignature: QuickSignature;
}

const DIRECTORIES = [
  'content/v1/sha256',
  'records/v1',
  'layers/v1',
  'mounts',
  'stat',
  'images',
  'logs',
  'failed',
  'builds',
  'leases',
  'tmp',
  'run',
];

/**
 * Makes what is missing of the directory, takes a lease and removes what dead holders left.
 * @throws RootError
 */
export async function openRoot(path: string, options: RootOptions): Promise<Root> {
  const dir = resolve(path);
  try {
    makeRoot(dir);
    const leasesDir = join(dir, 'leases');
    const abandonedLeases = endAbandoned(leasesDir, options.locks);
    const tempDir = join(dir, 'tmp');
    const left = await removeAbandonedTemps({ tempDir, leasesDir, ...options });
    const lease = takeLease(leasesDir, options.locks);
    const holds = openHolds(dir, { lease: lease.name, locks: options.locks, now: options.now });
    return rootOf({ dir, lease, holds, abandonedLeases, leftovers: left.map((name) => `tmp/${name}`) }, options);
  } catch (error) {
    throw error instanceof RootError ? error : rootErrorOf(dir, error);
  }
}

interface OpenedDirectory {
  readonly dir: string;
  readonly lease: Lease;
  readonly holds: Holds;
  readonly abandonedLeases: readonly string[];
  readonly leftovers: readonly string[];
}

function rootOf(
  { dir, lease, holds, abandonedLeases, leftovers }: OpenedDirectory,
  { onWarning, now, quickSignature }: RootOptions,
): Root {
  const tempDir = join(dir, 'tmp');
  const tempPath = tempPaths(tempDir, lease.name);
  const stats = new Map<string, StatIndex>();
  const buildID = buildIDOf(now(), lease.name);
  const records = openRecordStore(join(dir, 'records/v1'), { tempPath, onWarning });
  // Its logs are in use as long as it runs.
  holds.hold(buildID);
  return {
    dir,
    lease: lease.name,
    buildID,
    builds: openBuildStore(dir, { tempPath, onWarning }),
    content: openContentStore(join(dir, 'content/v1/sha256'), { tempPath, onWarning, holds }),
    records,
    layers: openLayerStore(dir, { tempPath, onWarning, holds }),
    tombstones: openTombstones(join(dir, 'records/v1/tombstones'), tempPath),
    memo: openMemo(join(dir, 'records/v1/memo'), { tempPath, now, onWarning }),
    stat(name) {
      const index =
        stats.get(name) ??
        openStatIndex(statFile(dir, name), { onWarning, quickSignature, tempPath: () => tempPath('stat') });
      stats.set(name, index);
      return index;
    },
    tempPath,
    mountsDir: join(dir, 'mounts'),
    logsDir: join(dir, 'logs'),
    imagesDir: join(dir, 'images'),
    runDir: join(dir, 'run'),
    tempDir,
    abandonedLeases,
    leftovers,
    async [Symbol.asyncDispose]() {
      for (const index of stats.values()) index.save();
      await removeTempsOf(lease.name, tempDir);
      holds.end();
      lease.end();
    },
  };
}

function tempPaths(tempDir: string, lease: string): TempPath {
  let count = 0;
  return (purpose) => join(tempDir, `tsbuild-${lease}-${++count}-${purpose}`);
}

function statFile(dir: string, name: string): string {
  return join(dir, 'stat', /^[a-z0-9-]{1,64}$/.test(name) ? name : hexOf(digestOf(name)));
}

/** Mode 0700: a root holds setuid programs and logs. A directory that is not ours to close is refused if it is open. */
function makeRoot(dir: string): void {
  makeDirectories(dir, 0o700);
  if ((statSync(dir).mode & 0o077) !== 0) {
    const names = readdirSync(dir).filter((name) => name !== 'lost+found');
    if (names.length > 0 && !names.includes('leases')) throw new RootError(dir, 'not-private');
    chmodSync(dir, 0o700);
  }
  for (const name of DIRECTORIES) mkdirSync(join(dir, name), { recursive: true, mode: 0o700 });
}
