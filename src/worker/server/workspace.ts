import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { type LayerStore, openHolds, openLayerStore } from '../../../cache/index.ts';
import { fileLocks, MS_NODEV, MS_NOSUID, mount } from '../../host/sys/index.ts';
import { nowMs } from '../../util/clock.ts';
import { type Networks, openNetworks, openRuntimes, type Runtimes } from '../exec/index.ts';
import type { WorkerSetup } from '../protocol.ts';
import { openSnapshots, type Snapshots } from '../snapshot/index.ts';
import { CGROUP_PREFIX, removeStaleCgroups } from './cgroups.ts';
import { EarlyChunks } from './early-chunks.ts';
import { lookAround, type Machine } from './machine.ts';

/** Where a worker keeps what. */
export interface Workspace extends AsyncDisposable {
  readonly machine: Machine;
  readonly rootDir: string;
  readonly mountsDir: string;
  /** On a tmpfs that nobody else sees: bundles, secrets, mount points. */
  readonly runDir: string;
  readonly networks: Networks;
  readonly searchPath: string;
  /** Part of the names of cgroups: of this worker alone. */
  readonly cgroupTag: string;
  readonly tempPath: (purpose: string) => string;
  readonly warn: (message: string) => void;
  readonly runtimes: Runtimes;
  readonly earlyChunks: EarlyChunks;
  /** Does what nobody waits for, after what is under way; disposing waits for it. What goes wrong is a warning. */
  later(work: () => void | Promise<void>): void;
  /** Opened on first need. @throws BuildError overlay-refused, lower-refused */
  snapshots(): Snapshots;
}

const NO_DEVICE_CGROUP =
  'RUNs may make no device nodes (CAP_MKNOD): no device cgroup can be made here, which takes a writable /sys/fs/cgroup';

export interface WorkspaceEvents {
  readonly warn: (message: string) => void;
  readonly note: (message: string) => void;
}

export function openWorkspace(setup: WorkerSetup, { warn, note }: WorkspaceEvents): Workspace {
  const { rootDir, name, searchPath, lower = 'auto' } = setup;
  const runDir = join(rootDir, 'run');
  mkdirSync(runDir, { recursive: true, mode: 0o700 });
  mount('tmpfs', runDir, 'tmpfs', MS_NOSUID | MS_NODEV, 'mode=0700');
  // Without a lease no name may look as if it had one: whoever finds a lease gone removes what is named after it.
  const tag = setup.lease === undefined ? `worker-${name}` : `tsbuild-${setup.lease}-${name}`;
  const machine = lookAround();
  if (!machine.isUserNamespace && machine.cgroups === 'none') note(NO_DEVICE_CGROUP);
  let count = 0;
  const tempPath = (purpose: string): string => join(rootDir, 'tmp', `${tag}-${++count}-${purpose}`);
  const { lease } = setup;
  const holds = lease === undefined ? {} : { holds: openHolds(rootDir, { lease, locks: fileLocks, now: nowMs }) };
  const layers: LayerStore = openLayerStore(rootDir, { tempPath, onWarning: warn, ...holds });
  const networks = openNetworks({ searchPath, runDir, note });
  let snapshots: Snapshots | undefined;
  const works = new Set<Promise<void>>();
  const later = (work: () => void | Promise<void>): void => {
    const done = nextTurn()
      .then(work)
      .catch((error: unknown) => warn((error as Error).message))
      .finally(() => works.delete(done));
    works.add(done);
  };
  return {
    runtimes: openRuntimes(searchPath),
    earlyChunks: new EarlyChunks(process.argv[1] ?? ''),
    later,
    ...{ machine, rootDir, runDir, searchPath, tempPath, warn },
    cgroupTag: `${CGROUP_PREFIX}${setup.lease === undefined ? name : `${setup.lease}-${name}`}`,
    mountsDir: join(rootDir, 'mounts'),
    networks,
    snapshots() {
      const { isSquashed, isUserNamespace } = machine;
      if (snapshots !== undefined) return snapshots;
      snapshots = openSnapshots({ layers, tempPath, runDir, isSquashed, isUserNamespace, lower, warn });
      for (const text of snapshots.notes) note(text);
      return snapshots;
    },
    async [Symbol.asyncDispose]() {
      await Promise.all(works);
      await networks[Symbol.asyncDispose]();
      await snapshots?.[Symbol.asyncDispose]();
      // Now that no RUN waits for it.
      if (!machine.isUserNamespace) removeStaleCgroups();
    },
  };
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
