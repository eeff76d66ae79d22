import { existsSync } from 'node:fs';
import { BuildError } from '../../errors.ts';

/** @throws BuildError `code` when there is no such file; `what` begins its message */
export function existing(what: string, path: string, code: 'usage' | 'secret-missing' = 'usage'): string {
  if (!existsSync(path)) throw new BuildError(code, `${what} ${path}: no such file`);
  return path;
}
