import type { OciMount } from './oci-spec.ts';

export interface DefaultMountOptions {
  /** Of /dev/shm, where one is asked for. */
  readonly shmSizeBytes?: number | undefined;
  readonly isInsecure: boolean;
  /** The network namespace belongs to the RUN, so that it may mount a sysfs of its own. */
  readonly hasOwnNetwork: boolean;
  readonly isUserNamespace: boolean;
  /** The tty group can be given to terminals. */
  readonly isTtyGroupMapped: boolean;
  readonly cgroups: 'none' | 'v1' | 'v2';
}

const TTY_GID = 5;
const DEFAULT_SHM_SIZE = 'size=65536k';
const QUIET = ['nosuid', 'noexec', 'nodev'];

/** /proc, /dev and /sys as container runtimes give them. /run is the image's own. */
export function defaultMounts(options: DefaultMountOptions): OciMount[] {
  return [
    { destination: '/proc', type: 'proc', source: 'proc', options: QUIET },
    {
      destination: '/dev',
      type: 'tmpfs',
      source: 'tmpfs',
      options: ['nosuid', 'strictatime', 'mode=755', 'size=65536k'],
    },
    devpts(options.isTtyGroupMapped),
    devshm(options),
    { destination: '/dev/mqueue', type: 'mqueue', source: 'mqueue', options: QUIET },
    sysfs(options),
    ...cgroupMounts(options),
  ];
}

/** One whose size is asked for is a tmpfs like any other, programs in it included. */
function devshm({ shmSizeBytes }: DefaultMountOptions): OciMount {
  const options = shmSizeBytes ? ['nosuid', 'nodev', `size=${shmSizeBytes}`] : [...QUIET, DEFAULT_SHM_SIZE];
  return { destination: '/dev/shm', type: 'tmpfs', source: 'shm', options: [...options, 'mode=1777'] };
}

function devpts(isTtyGroupMapped: boolean): OciMount {
  const options = ['nosuid', 'noexec', 'newinstance', 'ptmxmode=0666', 'mode=0620'];
  if (isTtyGroupMapped) options.push(`gid=${TTY_GID}`);
  return { destination: '/dev/pts', type: 'devpts', source: 'devpts', options };
}

/** A user namespace may mount a sysfs only for a network namespace of its own; else it shows the host's, read-only. */
function sysfs({ isInsecure, isUserNamespace, hasOwnNetwork }: DefaultMountOptions): OciMount {
  if (isUserNamespace && !hasOwnNetwork) {
    return { destination: '/sys', type: 'none', source: '/sys', options: ['rbind', 'rslave', ...QUIET, 'ro'] };
  }
  return { destination: '/sys', type: 'sysfs', source: 'sysfs', options: [...QUIET, isInsecure ? 'rw' : 'ro'] };
}

function cgroupMounts({ cgroups, isInsecure }: DefaultMountOptions): OciMount[] {
  if (cgroups === 'none') return [];
  const options = [...QUIET, 'relatime', isInsecure ? 'rw' : 'ro'];
  return [{ destination: '/sys/fs/cgroup', type: 'cgroup', source: 'cgroup', options }];
}
