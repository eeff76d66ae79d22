import { readdirSync, readFileSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { removeTree } from '../../../cache/index.ts';
import { isErrno } from '../../host/fs/index.ts';
import { fileLocks } from '../../host/sys/index.ts';
import type { Workspace } from './workspace.ts';

/** The caches of these ids, whatever they start as, make way for new ones; those that somebody uses stay. */
export function retireCaches(
  ids: readonly string[],
  { mountsDir, tempPath, later }: Pick<Workspace, 'mountsDir' | 'tempPath' | 'later'>,
): void {
  for (const name of readdirSync(mountsDir)) {
    const dir = join(mountsDir, name);
    if (!ids.includes(idOf(dir) ?? '')) continue;
    for (const number of readdirSync(dir).filter((one) => /^\d+$/.test(one))) {
      const temp = tempPath('retired');
      if (takeAway(join(dir, number), temp)) later(() => removeTree(temp));
    }
  }
}

/** The first part of what a cache is named by. */
function idOf(dir: string): string | undefined {
  try {
    const [id] = JSON.parse(readFileSync(join(dir, 'name'), 'utf8')) as readonly string[];
    return id;
  } catch (error) {
    if (isErrno(error, 'ENOENT') || isErrno(error, 'ENOTDIR') || error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function takeAway(path: string, temp: string): boolean {
  const lock = fileLocks.tryLock(`${path}.lock`, 'exclusive');
  if (lock === undefined) return false;
  try {
    renameSync(path, temp);
    return true;
  } catch (error) {
    if (!isErrno(error, 'ENOENT')) throw error;
    return false;
  } finally {
    lock.release();
  }
}
