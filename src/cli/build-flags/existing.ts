import { accessSync, constants } from 'node:fs';
import { BuildError } from '../../errors.ts';

/** @throws BuildError `code` when there is no such file, or none that may be read; `what` begins its message */
export function existing(what: string, path: string, code: 'usage' | 'secret-missing' = 'usage'): string {
  try {
    accessSync(path, constants.R_OK);
  } catch (error) {
    const isDenied = (error as NodeJS.ErrnoException).code === 'EACCES';
    throw new BuildError(code, `${what} ${path}: ${isDenied ? 'permission denied' : 'no such file'}`, {
      hint: isDenied ? 'make it readable for this user' : 'check the path; it is relative to the working directory',
      cause: error,
    });
  }
  return path;
}
