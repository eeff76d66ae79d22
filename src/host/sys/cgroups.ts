import { existsSync, readdirSync, readFileSync, rmdirSync, statSync, writeFile } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';

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

/** Removes one beside or below this process's own, with those inside of it, where it is empty. */
export function removeCgroup(name: string): void {
  for (const dir of ownCgroups()) removeIfEmpty(join(dir, name));
}

let hastening: Promise<void> | undefined;

/**
 * Has the kernel wait now for what the next move of a process into a cgroup waits for: a moment in which no processor starts or ends one,
 * which takes 10 ms to come, and counts for all who move soon after. Settled when that is over; never an error.
 */
export function hastenMoves(): Promise<void> {
  hastening ??= moveNowhere().finally(() => {
    hastening = undefined;
  });
  return hastening;
}

/** Into the group where it is. */
async function moveNowhere(): Promise<void> {
  for (const dir of placesOfSelf()) {
    try {
      await promisify(writeFile)(join(dir, 'cgroup.procs'), '0', { flag: 'r+' });
      return;
    } catch {
      // Not mounted, or not ours to write.
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

interface Place {
  /** Version 1: what the hierarchy is for; empty for version 2. */
  readonly controllers: string;
  readonly path: string;
}

function ownPlaces(): Place[] {
  const lines = readFileSync('/proc/self/cgroup', 'utf8').trim().split('\n');
  return lines.map((line) => {
    const [, controllers = '', path = '/'] = /^\d+:([^:]*):(.*)$/.exec(line) ?? [];
    return { controllers: controllers.replace(/^name=/, ''), path };
  });
}

/** Directories in which a container runtime makes its own for a relative path: v1 below this process's, v2 beside it. */
function ownCgroups(): string[] {
  return ownPlaces().flatMap(({ controllers, path }) =>
    controllers === '' ? [join(ROOT, path, '..'), join(ROOT, 'unified', path)] : [join(ROOT, controllers, path)],
  );
}

/** Directories that may be this process's own groups, those of version 2 first. */
function placesOfSelf(): string[] {
  const [v2, v1] = [true, false].map((is) => ownPlaces().filter(({ controllers }) => (controllers === '') === is));
  return [
    ...(v2 ?? []).flatMap(({ path }) => [join(ROOT, path), join(ROOT, 'unified', path)]),
    ...(v1 ?? []).map(({ controllers, path }) => join(ROOT, controllers, path)),
  ];
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
  if (isRemoved(dir)) return;
  for (const name of groupsIn(dir)) removeIfEmpty(join(dir, name));
  isRemoved(dir);
}

/** False for one that is in use, or has groups inside. */
function isRemoved(dir: string): boolean {
  if (!existsSync(dir)) return true;
  try {
    rmdirSync(dir);
    return true;
  } catch {
    return false;
  }
}
