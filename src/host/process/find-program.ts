import { accessSync, constants } from 'node:fs';
import { join } from 'node:path';

/** Where Debian keeps runc and the mount tools; not in an ordinary user's PATH there. */
const SYSTEM_DIRS = ['/usr/local/sbin', '/usr/sbin', '/sbin'];

/** @param searchPath a PATH; a name with a slash is taken as it is */
export function findProgram(name: string, searchPath: string): string | undefined {
  const candidates = name.includes('/') ? [name] : directories(searchPath).map((dir) => join(dir, name));
  return candidates.find(isExecutable);
}

function directories(searchPath: string): string[] {
  return [...searchPath.split(':').filter((dir) => dir !== ''), ...SYSTEM_DIRS];
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
