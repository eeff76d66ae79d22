import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The bytes of all files below a directory, as latin1: for what must be nowhere. */
export function allText(dir: string): string {
  return readdirSync(dir, { recursive: true, withFileTypes: true })
    .filter((one) => one.isFile())
    .map((one) => readFileSync(join(one.parentPath, one.name), 'latin1'))
    .join('\n');
}
