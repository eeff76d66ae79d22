import { readdirSync, readFileSync, rmdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

export interface Cgroup {
  readonly name: string;
  /** When it was made, or when a group was made or removed inside of it. */
  readonly changedMs: number;
}

/**
 * Removes cgroups beside or below this process's own; the kernel lets only those go that hold no process.
 * @param isStale looks at the last part of each path
 */
export function removeCgroups(isStale: (cgroup: Cgroup) => boolean): void {
  for (const dir of ownCgroups()) {
    for (const name of groupsIn(dir)) {
      const changed = statSync(join(dir, name), { throwIfNoEntry: false });
      if (changed !== undefined && isStale({ name, changedMs: changed.mtimeMs })) removeIfEmpty(join(dir, name));
    }
  }
}

export interface CgroupMemory {
  readonly peakBytes?: number;
  /** Kills for want of memory, where the kernel counts those of groups inside, too (version 2). */
  readonly kills?: number;
}

/** Of a group beside or below this process's own, with what was inside of it. */
export function cgroupMemory(name: string): CgroupMemory {
  for (const dir of ownCgroups()) {
    const peak =
      readIfThere(join(dir, name, 'memory.peak')) ?? readIfThere(join(dir, name, 'memory.max_usage_in_bytes'));
    if (peak === undefined) continue;
    const kills = /^oom_kill (\d+)$/m.exec(readIfThere(join(dir, name, 'memory.events')) ?? '')?.[1];
    return { peakBytes: Number(peak), ...(kills === undefined ? {} : { kills: Number(kills) }) };
  }
  return {};
}

function readIfThere(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}

const ROOT = '/sys/fs/cgroup';

/** Directories in which a container runtime makes its own for a relative path: v1 below this process's, v2 beside it. */
function ownCgroups(): string[] {
  const lines = readFileSync('/proc/self/cgroup', 'utf8').trim().split('\n');
  return lines.flatMap((line) => {
    const [, controllers = '', path = '/'] = /^\d+:([^:]*):(.*)$/.exec(line) ?? [];
    if (controllers === '') return [join(ROOT, path, '..'), join(ROOT, 'unified', path)];
    return [join(ROOT, controllers.replace(/^name=/, ''), path)];
  });
}

/** Beside each group lie dozens of control files. */
function groupsIn(dir: string): string[] {
  try {
    const entries = readdirSync(dir, { withFileTypes: true });
    return entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
  } catch {
    return [];
  }
}

function removeIfEmpty(dir: string): void {
  for (const name of groupsIn(dir)) removeIfEmpty(join(dir, name));
  try {
    rmdirSync(dir);
  } catch {
    // In use, or somebody else was faster.
  }
}
