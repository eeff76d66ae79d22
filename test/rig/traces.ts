import { readdirSync, readFileSync } from 'node:fs';

/** Processes whose command line holds the text; this one aside. */
export function processesWith(text: string): string[] {
  return pids()
    .filter((pid) => pid !== String(process.pid))
    .map((pid) => read(`/proc/${pid}/cmdline`).replaceAll('\0', ' '))
    .filter((commandLine) => commandLine.includes(text));
}

export interface Descendant {
  readonly pid: number;
  readonly commandLine: string;
  /** Its own name, 15 letters at most. */
  readonly name: string;
  /** This process, and no later one of its number; one that only waits for somebody to look at its status is not. */
  readonly isAlive: () => boolean;
}

/** All processes below one, in other pid namespaces as well. */
export function descendantsOf(ancestor: number): readonly Descendant[] {
  const stats = pids().map((pid) => ({ pid: Number(pid), ...statOf(pid) }));
  const found = new Set([ancestor]);
  // A child may have a lower number than its parent.
  for (let size = 0; size < found.size; ) {
    size = found.size;
    for (const { pid, parent } of stats) if (found.has(parent)) found.add(pid);
  }
  return stats
    .filter(({ pid }) => pid !== ancestor && found.has(pid))
    .map(({ pid, name, startedAt }) => ({
      ...{ pid, name, commandLine: read(`/proc/${pid}/cmdline`).replaceAll('\0', ' ') },
      isAlive: () => {
        const now = statOf(String(pid));
        return now.startedAt === startedAt && now.state !== 'Z';
      },
    }));
}

/** The name may hold anything. */
function statOf(pid: string): { name: string; state: string; parent: number; startedAt: string } {
  const [, name = '', rest = ''] = /^\d+ \((.*)\) (.*)$/s.exec(read(`/proc/${pid}/stat`)) ?? [];
  const fields = rest.split(' ');
  return { name, state: fields[0] ?? '', parent: Number(fields[1] ?? 0), startedAt: fields[19] ?? '' };
}

/** Mounts in any mount namespace that lie in or come from the directory. */
export function mountsBelow(dir: string): string[] {
  const lines = pids().flatMap((pid) => read(`/proc/${pid}/mountinfo`).split('\n'));
  return [...new Set(lines.filter((line) => line.includes(dir)))];
}

function pids(): string[] {
  return readdirSync('/proc').filter((name) => /^\d+$/.test(name));
}

/** A process may end while it is looked at. */
function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
