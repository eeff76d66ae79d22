/** Bit numbers as in linux/capability.h: the order of this list. */
const NAMES = [
  'CHOWN',
  'DAC_OVERRIDE',
  'DAC_READ_SEARCH',
  'FOWNER',
  'FSETID',
  'KILL',
  'SETGID',
  'SETUID',
  'SETPCAP',
  'LINUX_IMMUTABLE',
  'NET_BIND_SERVICE',
  'NET_BROADCAST',
  'NET_ADMIN',
  'NET_RAW',
  'IPC_LOCK',
  'IPC_OWNER',
  'SYS_MODULE',
  'SYS_RAWIO',
  'SYS_CHROOT',
  'SYS_PTRACE',
  'SYS_PACCT',
  'SYS_ADMIN',
  'SYS_BOOT',
  'SYS_NICE',
  'SYS_RESOURCE',
  'SYS_TIME',
  'SYS_TTY_CONFIG',
  'MKNOD',
  'LEASE',
  'AUDIT_WRITE',
  'AUDIT_CONTROL',
  'SETFCAP',
  'MAC_OVERRIDE',
  'MAC_ADMIN',
  'SYSLOG',
  'WAKE_ALARM',
  'BLOCK_SUSPEND',
  'AUDIT_READ',
  'PERFMON',
  'BPF',
  'CHECKPOINT_RESTORE',
] as const;

/** What containers have by default. */
const SANDBOX: readonly string[] = [
  'CHOWN',
  'DAC_OVERRIDE',
  'FSETID',
  'FOWNER',
  'MKNOD',
  'NET_RAW',
  'SETGID',
  'SETUID',
  'SETFCAP',
  'SETPCAP',
  'NET_BIND_SERVICE',
  'SYS_CHROOT',
  'KILL',
  'AUDIT_WRITE',
];

export interface Capabilities {
  /** `CAP_…`, in the kernel's order. */
  readonly names: readonly string[];
  has(name: string): boolean;
}

/** @param status the text of /proc/self/status: what this process may hand on */
export function boundingSet(status: string): Capabilities {
  const hex = /^CapBnd:\s*([0-9a-f]+)$/m.exec(status)?.[1] ?? '0';
  const bits = BigInt(`0x${hex}`);
  return setOf(NAMES.filter((_, bit) => ((bits >> BigInt(bit)) & 1n) === 1n));
}

/** A RUN's capabilities: never more than this process has, which the kernel would refuse. */
export function runCapabilities(security: 'sandbox' | 'insecure', allowed: Capabilities): readonly string[] {
  if (security === 'insecure') return allowed.names;
  return allowed.names.filter((name) => SANDBOX.includes(name.slice('CAP_'.length)));
}

function setOf(names: readonly string[]): Capabilities {
  const prefixed = names.map((name) => `CAP_${name}`);
  return { names: prefixed, has: (name) => prefixed.includes(name) };
}
