import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Lock } from '../../../cache/index.ts';
import { BuildError } from '../../errors.ts';
import { fileLocks } from '../../host/sys/index.ts';
import { resolvePath } from '../../image/toc/index.ts';
import { relPathOfText } from '../../util/rel-path.ts';
import type { WorkerMount } from '../protocol.ts';
import { seedTree } from '../snapshot/index.ts';
import { giveTo } from './give-to.ts';
import type { Workspace } from './workspace.ts';

type CacheMount = Extract<WorkerMount, { type: 'cache' }>;

export interface HeldCache extends AsyncDisposable {
  readonly path: string;
  /** A file where it started as one. */
  readonly type: 'directory' | 'file';
}

/** A busy private cache makes way for another one of its name, up to here. */
const MAX_PRIVATE = 1000;
/** What is mounted. The directory that it lies in stays this user's, who could not move another one's out of the way. */
const FILES = 'files';

/**
 * A directory that outlives builds: mounts/<name's digest>/<n>/files, with a lock beside <n>. `locked` waits until nobody else has it,
 * `private` takes the first that nobody has.
 */
export async function holdCache(mount: CacheMount, workspace: Workspace, signal: AbortSignal): Promise<HeldCache> {
  const dir = join(workspace.mountsDir, createHash('sha256').update(mount.name).digest('hex'));
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  if (!existsSync(join(dir, 'name'))) writeFileSync(join(dir, 'name'), mount.name, { mode: 0o600 });
  const { lock, path } = await lockOne(mount, dir, signal);
  try {
    if (!existsSync(path)) await makeCache(mount, path, workspace);
    const files = join(path, FILES);
    const type = statSync(files).isDirectory() ? 'directory' : 'file';
    return { path: files, type, [Symbol.asyncDispose]: async () => lock.release() };
  } catch (error) {
    lock.release();
    throw error;
  }
}

async function lockOne(
  { sharing }: CacheMount,
  dir: string,
  signal: AbortSignal,
): Promise<{ lock: Lock; path: string }> {
  const place = (index: number) => ({ path: join(dir, String(index)), lockFile: join(dir, `${index}.lock`) });
  if (sharing !== 'private') {
    const { path, lockFile } = place(0);
    return { path, lock: await fileLocks.lock(lockFile, sharing === 'shared' ? 'shared' : 'exclusive', { signal }) };
  }
  for (let index = 0; index < MAX_PRIVATE; index += 1) {
    const { path, lockFile } = place(index);
    const lock = fileLocks.tryLock(lockFile, 'exclusive');
    if (lock !== undefined) return { path, lock };
  }
  throw new BuildError('mount-failed', `${MAX_PRIVATE} private copies of one cache mount are in use`);
}

/** Two that share a new cache make it twice; the first to finish wins. */
async function makeCache(mount: CacheMount, path: string, workspace: Workspace): Promise<void> {
  const temp = workspace.tempPath('cache');
  const files = join(temp, FILES);
  try {
    mkdirSync(temp, 0o700);
    if (mount.seed === undefined) {
      mkdirSync(files, 0o700);
      giveTo(files, mount, workspace.machine);
    } else seed(mount.seed, files, workspace);
    renameSync(temp, path);
  } catch (error) {
    if (!existsSync(path)) throw error;
  } finally {
    rmSync(temp, { recursive: true, force: true });
  }
}

function seed({ stack, source }: NonNullable<CacheMount['seed']>, dest: string, workspace: Workspace): void {
  const tree = workspace.snapshots().tree(stack);
  try {
    const { entry } = resolvePath(tree, relPathOfText(source), { followLast: true });
    if (entry?.type !== 'directory' && entry?.type !== 'file') {
      throw new BuildError('mount-failed', `the source ${source} of a cache mount is neither a directory nor a file`);
    }
    const { machine, warn, tempPath } = workspace;
    seedTree(tree, entry, { dest, options: { ...machine, warn, temp: tempPath('seed') } });
  } finally {
    tree.close();
  }
}
