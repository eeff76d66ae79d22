import { constants } from 'node:os';
import { AT_FDCWD, AT_SYMLINK_FOLLOW } from './at.ts';
import { cString, libcFunction, resultOf } from './libc.ts';
import { SysError } from './sys-error.ts';

const linkCall = libcFunction('int linkat(int fromDir, void* from, int toDir, void* to, int flags)');

const { EEXIST } = constants.errno;
const USUAL = new Set([EEXIST]);

/**
 * Gives an open file a name, also one that never had any (O_TMPFILE, open(2)). It needs /proc.
 * @returns false when something has the name
 * @throws SysError
 */
export function nameOpenFile(fd: number, path: string): boolean {
  const [from, to] = [cString(`/proc/self/fd/${fd}`), cString(path)];
  const result = resultOf(() => linkCall(AT_FDCWD, from, AT_FDCWD, to, AT_SYMLINK_FOLLOW), USUAL);
  if (result === 0) return true;
  if (-result === EEXIST) return false;
  throw new SysError('linkat', -result, path);
}
