import { type Capabilities, runCapabilities } from './capabilities.ts';
import { defaultMounts } from './default-mounts.ts';
import { deviceMount, type RunDevice } from './devices.ts';
import { machineDevices } from './machine-devices.ts';
import type { DeviceRule, OciMount, OciNamespace, OciSpec } from './oci-spec.ts';
import type { Rlimit } from './rlimits.ts';
import { seccompProfile } from './seccomp/index.ts';
import type { RunUser } from './user.ts';

/** What the machine allows; the same for all RUNs of a worker. */
export interface SpecHost {
  readonly capabilities: Capabilities;
  readonly isUserNamespace: boolean;
  readonly isTtyGroupMapped: boolean;
  readonly cgroups: 'none' | 'v1' | 'v2';
  readonly arch: string;
  /** Number of the loop device that is used next. */
  readonly freeLoop: () => number;
}

export interface SpecOptions {
  readonly rootfs: string;
  readonly argv: readonly string[];
  readonly env: readonly string[];
  readonly cwd: string;
  readonly user: RunUser;
  readonly hostname: string;
  readonly security: 'sandbox' | 'insecure';
  /** Network namespace of its own; else the host's. */
  readonly hasOwnNetwork: boolean;
  /** Of that namespace when it is there already; else it is made, empty. */
  readonly networkPath?: string | undefined;
  /** Beside those that every RUN has. */
  readonly devices?: readonly RunDevice[] | undefined;
  readonly shmSizeBytes?: number | undefined;
  readonly rlimits: readonly Rlimit[];
  readonly memoryBytes?: number | undefined;
  readonly cpus?: number | undefined;
  /** After the default ones, parents first. */
  readonly mounts: readonly OciMount[];
  /** Relative to the worker's own cgroup. */
  readonly cgroupsPath: string;
}

const UMASK = 0o022;

/** A RUN as runc takes it: a sandbox like a container's, its process without more rights than one has. */
export function makeSpec(options: SpecOptions, host: SpecHost): OciSpec {
  const isInsecure = options.security === 'insecure';
  const { uid, gid, additionalGids } = options.user;
  const { devices = [] } = options;
  const capabilities = capabilitiesOf(options.security, host);
  const nodes = [
    ...(isInsecure && !host.isUserNamespace ? machineDevices(host.freeLoop()) : []),
    ...devices.map(({ node }) => node),
  ];
  return {
    ociVersion: '1.0.2',
    process: {
      terminal: false,
      user: { uid, gid, additionalGids: [...new Set([gid, ...additionalGids])], umask: UMASK },
      args: options.argv,
      env: options.env,
      cwd: options.cwd,
      capabilities: {
        bounding: capabilities,
        effective: capabilities,
        permitted: capabilities,
        inheritable: isInsecure ? capabilities : [],
        ambient: isInsecure ? capabilities : [],
      },
      rlimits: options.rlimits,
      noNewPrivileges: false,
    },
    root: { path: options.rootfs, readonly: false },
    hostname: options.hostname,
    mounts: [
      ...defaultMounts({ ...host, ...options, isInsecure }),
      ...options.mounts,
      ...(host.isUserNamespace ? devices.map(deviceMount) : []),
    ],
    linux: {
      namespaces: namespaces(options, host),
      ...(nodes.length === 0 || host.isUserNamespace ? {} : { devices: nodes }),
      ...cgroupOf(options, isInsecure, host),
      maskedPaths: isInsecure ? [] : MASKED_PATHS,
      readonlyPaths: isInsecure ? [] : READONLY_PATHS,
      ...(isInsecure ? {} : { seccomp: seccompProfile(capabilities, host.arch) }),
    },
  };
}

/** Without a device cgroup, real root could open a disk through a node that it made: it may make none then. */
function capabilitiesOf(security: 'sandbox' | 'insecure', host: SpecHost): readonly string[] {
  const names = runCapabilities(security, host.capabilities);
  const isGuarded = host.isUserNamespace || host.cgroups !== 'none' || security === 'insecure';
  return isGuarded ? names : names.filter((name) => name !== 'CAP_MKNOD');
}

function namespaces({ hasOwnNetwork, networkPath }: SpecOptions, { cgroups }: SpecHost): OciNamespace[] {
  const types = ['pid', 'ipc', 'uts', 'mount'];
  if (cgroups !== 'none') types.push('cgroup');
  const all: OciNamespace[] = types.map((type) => ({ type }));
  if (hasOwnNetwork) all.push({ type: 'network', ...(networkPath === undefined ? {} : { path: networkPath }) });
  return all;
}

/** In a user namespace the kernel itself refuses devices, and cgroups are somebody else's. */
function cgroupOf(
  { cgroupsPath, memoryBytes, cpus, devices = [] }: SpecOptions,
  isInsecure: boolean,
  { cgroups, isUserNamespace }: SpecHost,
) {
  if (cgroups === 'none' || isUserNamespace) return {};
  const resources = {
    devices: [{ allow: isInsecure, access: 'rwm' }, ...devices.map(ruleOf)],
    ...(memoryBytes === undefined ? {} : { memory: { limit: memoryBytes } }),
    ...(cpus === undefined ? {} : { cpu: { period: CPU_PERIOD_US, quota: Math.round(cpus * CPU_PERIOD_US) } }),
  };
  return { cgroupsPath, resources };
}

function ruleOf({ node, access }: RunDevice): DeviceRule {
  const { type, major, minor } = node;
  return { allow: true, type, major, minor, access };
}

const CPU_PERIOD_US = 100_000;

const MASKED_PATHS = [
  '/proc/acpi',
  '/proc/asound',
  '/proc/kcore',
  '/proc/keys',
  '/proc/latency_stats',
  '/proc/timer_list',
  '/proc/timer_stats',
  '/proc/sched_debug',
  '/proc/scsi',
  '/sys/firmware',
  '/sys/devices/virtual/powercap',
];

const READONLY_PATHS = ['/proc/bus', '/proc/fs', '/proc/irq', '/proc/sys', '/proc/sysrq-trigger'];
