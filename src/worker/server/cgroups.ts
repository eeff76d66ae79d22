import { readdirSync, readFileSync, rmdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { nowMs } from '../../util/clock.ts';

/** Of the cgroups that runc makes for RUNs, beside or below this process's own. */
export const CGROUP_PREFIX = 'tsbuild-';

/** One that was just made may still be empty because its RUN is about to start. */
const STALE_MS = 60_000;

/** What a worker that was killed left: the kernel removes only those that hold no process. */
export function removeStaleCgroups(): void {
  for (const dir of ownCgroups()) {
    for (const name of namesIn(dir)) {
      if (name.startsWith(CGROUP_PREFIX) && isOld(join(dir, name))) removeIfEmpty(join(dir, name));
    }
  }
}

const ROOT = '/sys/fs/cgroup';

/** Directories in which runc makes its own for a relative path: v1 below this process's, v2 beside it. */
function ownCgroups(): string[] {
  const lines = readFileSync('/proc/self/cgroup', 'utf8').trim().split('\n');
  return lines.flatMap((line) => {
    const [, controllers = '', path = '/'] = /^\d+:([^:]*):(.*)$/.exec(line) ?? [];
    if (controllers === '') return [join(ROOT, path, '..'), join(ROOT, 'unified', path)];
    return [join(ROOT, controllers.replace(/^name=/, ''), path)];
  });
}

function namesIn(dir: string): string[] {
  try {
    return readdirSync(dir);
  } catch {
    return [];
  }
}

function isOld(dir: string): boolean {
  const made = statSync(dir, { throwIfNoEntry: false });
  return made !== undefined && nowMs() - made.mtimeMs > STALE_MS;
}

function removeIfEmpty(dir: string): void {
  try {
    rmdirSync(dir);
  } catch {
    // In use, or somebody else was faster.
  }
}
