import { BuildError } from '../../errors.ts';
import type { Obstacle } from '../../host/sys/index.ts';

const MAX_SAID = 500;

/** Why the worker did not come up, from what its starters said and what the kernel's switches tell. */
export function startProblem(
  said: string,
  { isBelowUser, obstacle }: { isBelowUser: boolean; obstacle?: Obstacle | undefined },
): BuildError {
  const last = tail(said);
  if (/new[ug]idmap/.test(said)) return subIdsRefused(last);
  if (obstacle !== undefined && /unshare|permitted|denied/i.test(said)) return refused(last, obstacle, isBelowUser);
  if (/mount.*\/?proc.*(failed|not permitted)|cannot (mount|change).*(proc|propagation)/i.test(said)) {
    return new BuildError('sandbox-unavailable', `/proc cannot be mounted in a new namespace: ${last}`, {
      hint: 'in a container, give it an unmasked /proc (docker run --security-opt systempaths=unconfined)',
    });
  }
  if (/unshare/.test(said)) return refused(last, undefined, isBelowUser);
  return new BuildError('sandbox-unavailable', `the worker did not start: ${last === '' ? 'it said nothing' : last}`);
}

/** What newuidmap or newgidmap said. */
export function subIdsRefused(said: string): BuildError {
  return new BuildError('sandbox-unavailable', `your sub-ids cannot be used: ${said}`, {
    hint: 'check your ranges in /etc/subuid and /etc/subgid, and that newuidmap and newgidmap (of the package uidmap) are setuid',
  });
}

export function workerLost(said: string, code: number | null, signal: string | null): BuildError {
  const how = signal === null ? `exit code ${code ?? 'unknown'}` : `signal ${signal}`;
  const last = tail(said);
  return new BuildError('worker-lost', `the worker ended unexpectedly (${how})${last === '' ? '' : `: ${last}`}`, {
    hint: 'was it killed for want of memory? See dmesg; the next build goes on from what is cached',
  });
}

function refused(said: string, obstacle: Obstacle | undefined, isBelowUser: boolean): BuildError {
  const kind = isBelowUser ? 'user namespaces are' : 'namespaces are';
  return new BuildError('sandbox-unavailable', `${obstacle?.message ?? `${kind} refused`}: ${said}`, {
    hint: obstacle?.hint ?? (isBelowUser ? ALLOW_USER_NAMESPACES : GIVE_SYS_ADMIN),
  });
}

const ALLOW_USER_NAMESPACES =
  'in a container, allow them (docker run --security-opt seccomp=unconfined --security-opt apparmor=unconfined)';
const GIVE_SYS_ADMIN =
  'in a container, allow them (docker run --privileged), or run tsbuild as an ordinary user outside of it';

function tail(said: string): string {
  return said.trim().slice(-MAX_SAID);
}
