import { removeCgroups } from '../../host/sys/index.ts';
import { nowMs } from '../../util/clock.ts';

/** Of the cgroups that runc makes for RUNs, beside or below this process's own. */
export const CGROUP_PREFIX = 'tsbuild-';

/** One that was just made may still be empty because its RUN is about to start. */
const STALE_MS = 60_000;

/** What a worker that was killed left, in whatever root. */
export function removeStaleCgroups(): void {
  removeCgroups(({ name, changedMs }) => name.startsWith(CGROUP_PREFIX) && nowMs() - changedMs > STALE_MS);
}
