import { readdirSync, readFileSync } from 'node:fs';

/** Processes whose command line holds the text; this one aside. */
export function processesWith(text: string): string[] {
  return pids()
    .filter((pid) => pid !== String(process.pid))
    .map((pid) => read(`/proc/${pid}/cmdline`).replaceAll('\0', ' '))
    .filter((commandLine) => commandLine.includes(text));
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
