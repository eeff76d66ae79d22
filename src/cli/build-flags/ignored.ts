/** A flag of docker build that changes nothing here. */
export interface IgnoredFlag {
  readonly flags: string;
  /** The key under which the parser stores it. */
  readonly name: string;
  readonly why: string;
}

const LIMITS = 'a RUN is limited by --memory and --cpus';
const REMOVED = 'nothing is left of a step';

/** Accepted, and said to have no effect. */
export const IGNORED_FLAGS: readonly IgnoredFlag[] = [
  { flags: '--builder <name>', name: 'builder', why: 'there are no builders to choose from' },
  { flags: '-D, --debug', name: 'debug', why: '--progress=plain shows everything' },
  { flags: '--compress', name: 'compress', why: 'the context is read in place' },
  { flags: '--squash', name: 'squash', why: 'what a stage copies from another one is one layer' },
  { flags: '--rm', name: 'rm', why: REMOVED },
  { flags: '--force-rm', name: 'forceRm', why: REMOVED },
  { flags: '--isolation <kind>', name: 'isolation', why: 'RUNs are isolated in one way' },
  { flags: '--security-opt <option>', name: 'securityOpt', why: 'RUN --security=insecure asks for more' },
  { flags: '--cgroup-parent <path>', name: 'cgroupParent', why: 'each RUN has a cgroup of its own' },
  { flags: '--memory-swap <size>', name: 'memorySwap', why: LIMITS },
  { flags: '-c, --cpu-shares <n>', name: 'cpuShares', why: LIMITS },
  { flags: '--cpu-period <us>', name: 'cpuPeriod', why: LIMITS },
  { flags: '--cpu-quota <us>', name: 'cpuQuota', why: LIMITS },
  { flags: '--cpuset-cpus <list>', name: 'cpusetCpus', why: LIMITS },
  { flags: '--cpuset-mems <list>', name: 'cpusetMems', why: LIMITS },
];

/** A line for each that was given. */
export function ignoredNotes(flags: Readonly<Record<string, unknown>>): readonly string[] {
  return IGNORED_FLAGS.filter(({ name }) => flags[name] !== undefined).map(
    ({ flags: text, why }) => `${/--[a-z-]+/.exec(text)?.[0] ?? text} has no effect: ${why}`,
  );
}
