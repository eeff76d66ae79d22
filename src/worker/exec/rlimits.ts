export interface Ulimit {
  readonly name: string;
  /** -1 is unlimited. */
  readonly soft: number;
  readonly hard: number;
}

export interface Rlimit {
  readonly type: string;
  readonly soft: bigint;
  readonly hard: bigint;
}

const INFINITY = 0xffff_ffff_ffff_ffffn;

/** The names of `--ulimit` and those of /proc/self/limits. */
const LABELS: { readonly [name: string]: string } = {
  core: 'Max core file size',
  cpu: 'Max cpu time',
  data: 'Max data size',
  fsize: 'Max file size',
  locks: 'Max file locks',
  memlock: 'Max locked memory',
  msgqueue: 'Max msgqueue size',
  nice: 'Max nice priority',
  nofile: 'Max open files',
  nproc: 'Max processes',
  rss: 'Max resident set',
  rtprio: 'Max realtime priority',
  rttime: 'Max realtime timeout',
  sigpending: 'Max pending signals',
  stack: 'Max stack size',
};

export interface RlimitHost {
  /** The text of /proc/self/limits. */
  readonly limits: string;
  /** CAP_SYS_RESOURCE in the initial user namespace. */
  readonly canRaise: boolean;
}

/** Limits for a RUN, cut down to what this process may set: a limit that is too high must not fail the step. */
export function rlimitsOf(ulimits: readonly Ulimit[], host: RlimitHost): Rlimit[] {
  return ulimits.map(({ name, soft, hard }) => {
    const ceiling = host.canRaise ? INFINITY : hardLimit(name, host.limits);
    const capped = min(value(hard), ceiling);
    return { type: `RLIMIT_${name.toUpperCase()}`, soft: min(value(soft), capped), hard: capped };
  });
}

function hardLimit(name: string, limits: string): bigint {
  const label = LABELS[name];
  const line = limits.split('\n').find((text) => label !== undefined && text.startsWith(`${label} `));
  const text = line
    ?.slice((label ?? '').length)
    .trim()
    .split(/\s+/)[1];
  return text === undefined || !/^\d+$/.test(text) ? INFINITY : BigInt(text);
}

function value(limit: number): bigint {
  return limit < 0 ? INFINITY : BigInt(Math.trunc(limit));
}

function min(a: bigint, b: bigint): bigint {
  return a < b ? a : b;
}
