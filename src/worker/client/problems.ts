import { readFileSync } from 'node:fs';
import { BuildError } from '../../errors.ts';

const MAX_SAID = 500;

/** Why the worker did not come up, from what its starters said. */
export function startProblem(said: string, isRoot: boolean): BuildError {
  const last = tail(said);
  if (/new[ug]idmap/.test(said)) {
    return new BuildError('userns-refused', `your sub-ids cannot be used: ${last}`, {
      hint: 'check your ranges in /etc/subuid and /etc/subgid, and that newuidmap and newgidmap of the package uidmap are setuid',
    });
  }
  if (/mount.*\/?proc.*(failed|not permitted)|cannot (mount|change).*(proc|propagation)/i.test(said)) {
    return new BuildError('sandbox-unavailable', `/proc cannot be mounted in a new namespace: ${last}`, {
      hint: 'in a container, give it an unmasked /proc (docker run --security-opt systempaths=unconfined)',
    });
  }
  if (/unshare/.test(said)) return isRoot ? rootRefused(last) : usernsRefused(last);
  return new BuildError('sandbox-unavailable', `the worker did not start: ${last === '' ? 'it said nothing' : last}`);
}

export function workerLost(said: string, code: number | null, signal: string | null): BuildError {
  const how = signal === null ? `exit code ${code ?? 'unknown'}` : `signal ${signal}`;
  const last = tail(said);
  return new BuildError('worker-lost', `the worker ended unexpectedly (${how})${last === '' ? '' : `: ${last}`}`, {
    hint: 'was it killed for want of memory? See dmesg; the next build goes on from what is cached',
  });
}

const LIMITS = ['user', 'mnt', 'pid', 'net', 'ipc', 'uts', 'cgroup'].map((kind) => `max_${kind}_namespaces`);

function rootRefused(said: string): BuildError {
  const spent = LIMITS.filter((name) => read(`/proc/sys/user/${name}`) === '0');
  if (spent.length > 0) {
    return new BuildError('sandbox-unavailable', `no namespaces are allowed here (user.${spent[0]} is 0): ${said}`, {
      hint: `sudo sysctl -w ${spent.map((name) => `user.${name}=28633`).join(' ')}`,
    });
  }
  return new BuildError('sandbox-unavailable', `namespaces are refused to this root: ${said}`, {
    hint: 'give the container CAP_SYS_ADMIN, or run tsbuild as an ordinary user outside of it',
  });
}

/** Each switch with the value that refuses, and the command that opens it. */
const SWITCHES = [
  ['/proc/sys/user/max_user_namespaces', '0', 'sudo sysctl -w user.max_user_namespaces=28633'],
  ['/proc/sys/kernel/unprivileged_userns_clone', '0', 'sudo sysctl -w kernel.unprivileged_userns_clone=1'],
  [
    '/proc/sys/kernel/apparmor_restrict_unprivileged_userns',
    '1',
    'sudo sysctl -w kernel.apparmor_restrict_unprivileged_userns=0',
  ],
] as const;

function usernsRefused(said: string): BuildError {
  const closed = SWITCHES.find(([file, value]) => read(file) === value);
  return new BuildError('userns-refused', `user namespaces are refused: ${said}`, {
    hint:
      closed?.[2] ??
      'in a container, allow them (docker run --security-opt seccomp=unconfined --security-opt apparmor=unconfined)',
  });
}

function read(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch {
    return undefined;
  }
}

function tail(said: string): string {
  return said.trim().slice(-MAX_SAID);
}
