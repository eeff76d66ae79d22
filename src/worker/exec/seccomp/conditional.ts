import type { SeccompRule } from '../oci-spec.ts';

const ALLOW = 'SCMP_ACT_ALLOW';
const ERRNO = 'SCMP_ACT_ERRNO';
const ENOSYS = 38;

/** Every CLONE_NEW… flag of clone(2) but CLONE_NEWTIME, which shares a bit with the exit signal. */
const NEW_NAMESPACES = 0x7e02_0000;

/** Execution domains that change nothing but what uname tells: Linux, Linux 32-bit, with and without UNAME26, and "which is it?" */
const PERSONALITIES = [0x0, 0x8, 0x2_0000, 0x2_0008, 0xffff_ffff];

const AF_VSOCK = 40;

/** System calls that depend on their arguments. */
export const BY_ARGUMENT: readonly SeccompRule[] = [
  ...PERSONALITIES.map((value) => ({
    names: ['personality'],
    action: ALLOW,
    args: [{ index: 0, value, op: 'SCMP_CMP_EQ' }],
  })),
  { names: ['socket'], action: ALLOW, args: [{ index: 0, value: AF_VSOCK, op: 'SCMP_CMP_NE' }] },
];

/** System calls that come with a capability. */
const BY_CAPABILITY: { readonly [capability: string]: readonly string[] } = {
  CAP_BPF: ['bpf'],
  CAP_DAC_READ_SEARCH: ['open_by_handle_at'],
  CAP_PERFMON: ['perf_event_open'],
  CAP_SYS_ADMIN: [
    ...[
      'bpf',
      'clone',
      'clone3',
      'fanotify_init',
      'fsconfig',
      'fsmount',
      'fsopen',
      'fspick',
      'lookup_dcookie',
      'mount',
    ],
    ...['mount_setattr', 'move_mount', 'open_tree', 'perf_event_open', 'quotactl', 'quotactl_fd', 'setdomainname'],
    ...['sethostname', 'setns', 'syslog', 'umount', 'umount2', 'unshare'],
  ],
  CAP_SYS_BOOT: ['reboot'],
  CAP_SYS_CHROOT: ['chroot'],
  CAP_SYS_MODULE: ['delete_module', 'finit_module', 'init_module'],
  CAP_SYS_NICE: ['get_mempolicy', 'mbind', 'migrate_pages', 'move_pages', 'set_mempolicy', 'set_mempolicy_home_node'],
  CAP_SYS_PACCT: ['acct'],
  CAP_SYS_PTRACE: ['kcmp', 'pidfd_getfd', 'process_madvise'],
  CAP_SYS_RAWIO: ['ioperm', 'iopl'],
  CAP_SYS_TIME: ['clock_adjtime', 'clock_adjtime64', 'clock_settime', 'clock_settime64', 'settimeofday', 'stime'],
  CAP_SYS_TTY_CONFIG: ['vhangup'],
  CAP_SYSLOG: ['syslog'],
};

export function capabilityRules(capabilities: readonly string[], arch: string): SeccompRule[] {
  const names = [...new Set(capabilities.flatMap((capability) => BY_CAPABILITY[capability] ?? []))].sort();
  const rules: SeccompRule[] = names.length === 0 ? [] : [{ names, action: ALLOW }];
  return capabilities.includes('CAP_SYS_ADMIN') ? rules : [...rules, ...cloneRules(arch)];
}

/** No new namespaces. The flags of clone3 are out of a filter's sight: C libraries go back to clone when it is missing. */
function cloneRules(arch: string): SeccompRule[] {
  const index = arch === 's390x' ? 1 : 0;
  const args = [{ index, value: NEW_NAMESPACES, valueTwo: 0, op: 'SCMP_CMP_MASKED_EQ' }];
  return [
    { names: ['clone'], action: ALLOW, args },
    { names: ['clone3'], action: ERRNO, errnoRet: ENOSYS },
  ];
}
