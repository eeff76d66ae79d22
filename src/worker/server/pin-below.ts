import { mkdirSync, rmdirSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { BuildError } from '../../errors.ts';
import { MNT_DETACH, MS_BIND, mount, umount } from '../../host/sys/index.ts';
import { openBelow } from './open-below.ts';

export interface Pinned extends AsyncDisposable {
  readonly path: string;
  readonly type: 'file' | 'directory';
}

let count = 0;

/**
 * A path of a directory that others write to, mounted where nobody can turn it into a link before the runtime looks.
 * @throws BuildError mount-failed when it is not there
 */
export function pinBelow(dir: string, path: string, { runDir, target }: { runDir: string; target: string }): Pinned {
  const opened = openBelow(dir, path);
  if (opened === undefined)
    throw new BuildError('mount-failed', `the source ${path} of the cache mount at ${target} is not in the cache`, {
      hint: 'a RUN that mounts the cache without source can make it',
    });
  const pin = join(runDir, `pin${++count}`);
  const isDirectory = opened.stat.isDirectory();
  try {
    if (isDirectory) mkdirSync(pin, { mode: 0o700 });
    else writeFileSync(pin, '', { flag: 'wx' });
    mount(`/proc/self/fd/${opened.fd}`, pin, 'none', MS_BIND);
  } finally {
    opened[Symbol.dispose]();
  }
  return {
    path: pin,
    type: isDirectory ? 'directory' : 'file',
    async [Symbol.asyncDispose]() {
      umount(pin, MNT_DETACH);
      if (isDirectory) rmdirSync(pin);
      else unlinkSync(pin);
    },
  };
}
