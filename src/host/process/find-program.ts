import { accessSync, constants, statSync } from 'node:fs';
import { join } from 'node:path';
import { BuildError } from '../../errors.ts';

/** Where Debian keeps runc and the mount tools; not in an ordinary user's PATH there. */
const SYSTEM_DIRS = ['/usr/local/sbin', '/usr/sbin', '/sbin'];

/** @param searchPath a PATH; a name with a slash is taken as it is */
export function findProgram(name: string, searchPath: string): string | undefined {
  const candidates = name.includes('/') ? [name] : directories(searchPath).map((dir) => join(dir, name));
  return candidates.find(isExecutable);
}

/** Of a program that every RUN needs. @throws BuildError runtime-missing */
export function requireProgram(
  name: string,
  { searchPath, debianPackage }: { searchPath: string; debianPackage: string },
): string {
  const path = findProgram(name, searchPath);
  if (path !== undefined) return path;
  throw new BuildError('runtime-missing', `${name} is not installed`, { hint: `apt-get install -y ${debianPackage}` });
}

/** As the user names it, or runc. @throws BuildError runtime-missing */
export function requireRuntime(name: string, searchPath: string): string {
  const path = findProgram(name, searchPath);
  if (path !== undefined) return path;
  throw new BuildError('runtime-missing', `the OCI runtime ${name} is not installed`, { hint: runtimeFix(name) });
}

/** What helps where there is no such runtime. */
export function runtimeFix(name: string): string {
  return name === 'runc' ? 'apt-get install -y runc' : 'install it, or leave --oci-runtime out: then it is runc';
}

function directories(searchPath: string): string[] {
  return [...searchPath.split(':').filter((dir) => dir !== ''), ...SYSTEM_DIRS];
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    return false;
  }
}
