import { existsSync, readdirSync, unlinkSync } from 'node:fs';
import { join } from 'node:path';

/** Removes the lock files that a killed git has left in what is, or becomes, a bare repository. Nobody else may be at work in it. */
export function removeStaleLocks(store: string): void {
  const refs = join(store, 'refs');
  removeLocksIn(Buffer.from(store));
  if (existsSync(refs)) removeLocksBelow(Buffer.from(refs));
}

function removeLocksBelow(dir: Buffer): void {
  for (const below of removeLocksIn(dir)) removeLocksBelow(below);
}

/** @returns the directories in it; branches may have names that are no text */
function removeLocksIn(dir: Buffer): readonly Buffer[] {
  const dirs: Buffer[] = [];
  for (const entry of readdirSync(dir, { withFileTypes: true, encoding: 'buffer' })) {
    const path = Buffer.concat([dir, SLASH, entry.name]);
    if (entry.isDirectory()) dirs.push(path);
    else if (path.subarray(-LOCK.length).equals(LOCK)) unlinkSync(path);
  }
  return dirs;
}

const SLASH = Buffer.from('/');
const LOCK = Buffer.from('.lock');
