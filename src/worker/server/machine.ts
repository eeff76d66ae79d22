import { accessSync, constants, readFileSync, statfsSync } from 'node:fs';
import { freeLoop, MS_NODEV, MS_NOEXEC, MS_NOSUID, mount } from '../../host/sys/index.ts';
import { boundingSet, type RlimitHost, type SpecHost } from '../exec/index.ts';

/** What the worker finds around it; read once. */
export interface Machine extends SpecHost, RlimitHost {
  /** Root here is the only id there is. */
  readonly isSquashed: boolean;
}

export function lookAround(): Machine {
  const uidMap = parseIDMap(readText('/proc/self/uid_map'));
  const capabilities = boundingSet(readText('/proc/self/status'));
  const isUserNamespace = !uidMap.some(
    ({ inside, outside, count }) => inside === 0 && outside === 0 && count === ALL_IDS,
  );
  return {
    capabilities,
    isUserNamespace,
    isSquashed: isUserNamespace && uidMap.reduce((sum, { count }) => sum + count, 0) === 1,
    isTtyGroupMapped: parseIDMap(readText('/proc/self/gid_map')).some(
      ({ inside, count }) => inside <= TTY && TTY < inside + count,
    ),
    cgroups: cgroupVersion(isUserNamespace),
    arch: process.arch,
    freeLoop: freeLoopOrFirst,
    limits: readText('/proc/self/limits'),
    canRaise: !isUserNamespace && capabilities.has('CAP_SYS_RESOURCE'),
  };
}

/** Where loop devices cannot be asked for, the first ones are as good as any. */
function freeLoopOrFirst(): number {
  try {
    return freeLoop();
  } catch {
    return 0;
  }
}

const ALL_IDS = 4_294_967_295;
const TTY = 5;

function parseIDMap(text: string): { inside: number; outside: number; count: number }[] {
  return text
    .split('\n')
    .map((line) => line.trim().split(/\s+/).map(Number))
    .flatMap(([inside, outside, count]) =>
      inside === undefined || outside === undefined || count === undefined ? [] : [{ inside, outside, count }],
    );
}

const CGROUP_ROOT = '/sys/fs/cgroup';
const CGROUP2_MAGIC = 0x63677270;
const SYSFS_MAGIC = 0x62656572;

/** `none` when real root may not make cgroups here; a user namespace only looks at the one it is in. */
function cgroupVersion(isUserNamespace: boolean): 'none' | 'v1' | 'v2' {
  try {
    // Nothing is mounted there, and runc does not go on without: here, in the worker's own namespace, it can be.
    if (statfsSync(CGROUP_ROOT).type === SYSFS_MAGIC)
      mount('cgroup2', CGROUP_ROOT, 'cgroup2', MS_NOSUID | MS_NODEV | MS_NOEXEC);
    const version = statfsSync(CGROUP_ROOT).type === CGROUP2_MAGIC ? 'v2' : 'v1';
    const own = version === 'v2' ? CGROUP_ROOT : `${CGROUP_ROOT}/devices`;
    if (!isUserNamespace) accessSync(own, constants.W_OK);
    return version;
  } catch {
    return 'none';
  }
}

function readText(file: string): string {
  return readFileSync(file, 'utf8');
}
