import { closeSync, constants, fstatSync, openSync, readlinkSync, type Stats } from 'node:fs';
import { BuildError } from '../../errors.ts';
import { isErrno } from '../../host/fs/index.ts';

/** The file itself, without a right to read it; Node has no name for it. */
const O_PATH = 0x200000;
/** As the kernel has it. */
const MAX_LINKS = 40;

export interface Opened extends Disposable {
  readonly fd: number;
  readonly stat: Stats;
}

/**
 * What a path leads to below a directory, as a chroot there would find it: links do not lead out of it, whoever changes files there
 * meanwhile. Undefined when nothing is there.
 */
export function openBelow(dir: string, path: string): Opened | undefined {
  const way = [openSync(dir, O_PATH | constants.O_DIRECTORY)];
  try {
    walk(way, path);
    const fd = way.pop() as number;
    return { fd, stat: fstatSync(fd), [Symbol.dispose]: () => closeSync(fd) };
  } catch (error) {
    if (isErrno(error, 'ENOENT') || isErrno(error, 'ENOTDIR')) return undefined;
    throw error;
  } finally {
    for (const fd of way) closeSync(fd);
  }
}

/** Opens one directory after the other, and at the end what is there. */
function walk(way: number[], path: string): void {
  const rest = path.split('/').reverse();
  let links = 0;
  while (rest.length > 0) {
    const part = rest.pop() ?? '';
    if (part === '' || part === '.') continue;
    if (part === '..') {
      leave(way, 1);
      continue;
    }
    const name = `/proc/self/fd/${way.at(-1) ?? ''}/${part}`;
    const fd = openSync(name, O_PATH | constants.O_NOFOLLOW);
    way.push(fd);
    if (!fstatSync(fd).isSymbolicLink()) continue;
    if (++links > MAX_LINKS) throw new BuildError('mount-failed', `${path} leads through more than ${MAX_LINKS} links`);
    const target = readlinkSync(name);
    leave(way, target.startsWith('/') ? way.length : 1);
    rest.push(...target.split('/').reverse());
  }
}

/** The top itself is never left. */
function leave(way: number[], count: number): void {
  for (const fd of way.splice(Math.max(1, way.length - count))) closeSync(fd);
}
