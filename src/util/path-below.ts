import { relative, sep } from 'node:path';

/** A host path from a directory on; undefined when it does not lie below it. Both absolute. */
export function pathBelow(dir: string, path: string): string | undefined {
  const found = relative(dir, path);
  return found === '' || found === '..' || found.startsWith(`..${sep}`) ? undefined : found;
}
