import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Root } from '../../cache/index.ts';
import type { OpDeps } from '../ops/index.ts';

const MAX_SLUG = 80;

/** logs/<build>/<step>.log of the root: one file for each name, however alike they are. */
export function makeLogFiles(root: Pick<Root, 'logsDir' | 'buildID'>): OpDeps['logFile'] {
  const dir = join(root.logsDir, root.buildID);
  const names = new Map<string, string>();
  return (name) => {
    mkdirSync(dir, { recursive: true, mode: 0o700 });
    const slug = slugOf(name);
    let file = slug;
    for (let count = 2; (names.get(file) ?? name) !== name; count += 1) file = `${slug}-${count}`;
    names.set(file, name);
    return join(dir, `${file}.log`);
  };
}

function slugOf(name: string): string {
  return name
    .replace(/[^A-Za-z0-9]+/g, '-')
    .replace(/^-|-$/g, '')
    .slice(0, MAX_SLUG);
}
