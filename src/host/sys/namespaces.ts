import { readFileSync } from 'node:fs';

/** What stands in the way of the namespaces of a RUN. */
export interface Obstacle {
  readonly message: string;
  /** The command, or the next action, that mends it. */
  readonly hint: string;
  /** Nothing has to be tried: the kernel says no. */
  readonly isCertain: boolean;
}

/** The text of a file below /proc; undefined when there is none. */
export type ReadProc = (file: string) => string | undefined;

const SYS_ADMIN = 21n;

/** Namespaces are made below a user namespace: by an ordinary user, and by a root without CAP_SYS_ADMIN, as containers have it. */
export function needsUserNamespace({ uid = process.getuid?.(), read = readProc }: Who = {}): boolean {
  return uid !== 0 || !hasCapability(SYS_ADMIN, read);
}

export interface Who {
  readonly uid?: number | undefined;
  readonly read?: ReadProc;
}

/** Of this process; yes where the kernel does not tell. */
export function hasCapability(bit: bigint, read: ReadProc = readProc): boolean {
  const [, mask] = /^CapEff:\s*([0-9a-f]+)$/m.exec(read('/proc/self/status') ?? '') ?? [];
  return mask === undefined || ((BigInt(`0x${mask}`) >> bit) & 1n) === 1n;
}

/** Why namespaces cannot be made here, as far as the kernel's switches tell; undefined when nothing speaks against it. */
export function namespaceObstacle(who: Who = {}): Obstacle | undefined {
  const { read = readProc } = who;
  const isBelowUser = needsUserNamespace(who);
  return spentLimit(isBelowUser, read) ?? (isBelowUser ? closedSwitch(read) : undefined);
}

const USER = 'max_user_namespaces';
const LIMITS = ['user', 'mnt', 'pid', 'ipc', 'uts', 'net', 'cgroup'].map((kind) => `max_${kind}_namespaces`);
/** What every RUN has; of the others there are runs without. */
const NEEDED: ReadonlySet<string> = new Set(['mnt', 'pid', 'ipc', 'uts'].map((kind) => `max_${kind}_namespaces`));
/** More than any machine's RUNs have at a time. */
const LIMIT = 28_633;

function spentLimit(isBelowUser: boolean, read: ReadProc): Obstacle | undefined {
  const closed = LIMITS.filter((name) => valueIn(`/proc/sys/user/${name}`, read) === '0');
  const needed = closed.find((name) => NEEDED.has(name) || (isBelowUser && name === USER));
  if (needed === undefined) return undefined;
  return {
    message: `no namespaces are allowed here (user.${needed} is 0)`,
    hint: `sudo sysctl -w ${closed.map((name) => `user.${name}=${LIMIT}`).join(' ')}`,
    isCertain: true,
  };
}

function closedSwitch(read: ReadProc): Obstacle | undefined {
  if (valueIn('/proc/sys/kernel/unprivileged_userns_clone', read) === '0') {
    return {
      message: 'user namespaces are switched off for ordinary users (kernel.unprivileged_userns_clone is 0)',
      hint: 'sudo sysctl -w kernel.unprivileged_userns_clone=1',
      isCertain: true,
    };
  }
  if (valueIn('/proc/sys/kernel/apparmor_restrict_unprivileged_userns', read) === '1') {
    return {
      message: 'AppArmor refuses user namespaces to programs without a profile for them',
      hint: 'sudo sysctl -w kernel.apparmor_restrict_unprivileged_userns=0',
      isCertain: false,
    };
  }
  return undefined;
}

function valueIn(file: string, read: ReadProc): string | undefined {
  return read(file)?.trim();
}

function readProc(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}
