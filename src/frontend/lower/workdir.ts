import { posix } from 'node:path';
import type { ContainerConfig } from '../../image/oci/index.ts';

/** The next work directory: an absolute path as it is written, a relative one joined to the current; '' stays where it is. */
export function nextWorkdir(current: string | undefined, path: string): string {
  const parent = current === undefined || current === '' ? '/' : current;
  const from = posix.isAbsolute(parent) ? parent : posix.resolve('/', parent);
  if (path === '') return from;
  return posix.isAbsolute(path) ? path : posix.resolve(from, path);
}

/** The directory that a config's WorkingDir names: its plain path. */
export function directoryOf({ WorkingDir = '' }: ContainerConfig): string {
  return posix.resolve('/', WorkingDir);
}
