import { readdirSync, readFileSync } from 'node:fs';

/**
 * Kills everything that descends from a process, but not the process itself, which may tidy up after them. It is stopped meanwhile, so
 * that it starts nothing new.
 */
export function killDescendants(pid: number): void {
  send(pid, 'SIGSTOP');
  for (const one of descendantsOf(pid, parentsOfAll())) send(one, 'SIGKILL');
  // What the killed ones had just started.
  for (const one of descendantsOf(pid, parentsOfAll())) send(one, 'SIGKILL');
  send(pid, 'SIGCONT');
}

function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It has ended by itself.
  }
}

/** pid → parent, of every process in this pid namespace. */
function parentsOfAll(): Map<number, number> {
  const parents = new Map<number, number>();
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    const parent = parentOf(name);
    if (parent !== undefined) parents.set(Number(name), parent);
  }
  return parents;
}

function parentOf(pid: string): number | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    const [state, parent] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return state === 'Z' ? undefined : Number(parent);
  } catch {
    return undefined;
  }
}

function descendantsOf(pid: number, parents: ReadonlyMap<number, number>): number[] {
  const children = [...parents].filter(([, parent]) => parent === pid).map(([child]) => child);
  return children.flatMap((child) => [child, ...descendantsOf(child, parents)]);
}
