import { mkdirSync, readdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';

/** All programs of a PATH but some, below a directory of links. */
export function pathWithout(dir: string, path: string, names: readonly string[]): string {
  const bin = join(dir, 'bin');
  mkdirSync(bin);
  const seen = new Set(names);
  for (const from of path.split(':')) {
    for (const name of namesIn(from)) {
      if (!seen.has(name)) symlinkSync(join(from, name), join(bin, name));
      seen.add(name);
    }
  }
  return bin;
}

function namesIn(dir: string): readonly string[] {
  try {
    return readdirSync(dir);
  } catch {
    return [];
  }
}
