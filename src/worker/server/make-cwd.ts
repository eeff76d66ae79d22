import { chmodSync, lchownSync, mkdirSync } from 'node:fs';
import { setMtime } from '../../host/sys/index.ts';
import { resolvePath } from '../../image/toc/index.ts';
import { hostPath, joinRel, type RelPath, relPathOfText, TOP } from '../../util/rel-path.ts';
import type { RunUser } from '../exec/index.ts';
import type { RunRequest } from '../protocol.ts';
import type { View } from '../snapshot/index.ts';

/**
 * A missing working directory is made, as part of the layer, and belongs to the user, as do its missing parents. The stack's tree leads
 * the way, so that no symlink is followed out of the rootfs.
 */
export function makeCwd(
  { process: { cwd }, epoch }: Pick<RunRequest, 'process' | 'epoch'>,
  { tree, rootfs }: Pick<View, 'tree' | 'rootfs'>,
  { user, isSquashed }: { user: RunUser; isSquashed: boolean },
): void {
  const { path } = resolvePath(tree, relPathOfText(cwd), { followLast: true });
  const made: Buffer[] = [];
  let dir: RelPath = TOP;
  for (const part of path === '' ? [] : path.split('/')) {
    dir = joinRel(dir, part);
    if (tree.lookup(dir) !== undefined) continue;
    const at = hostPath(rootfs, dir);
    mkdirSync(at, { mode: 0o755, recursive: true });
    chmodSync(at, 0o755);
    if (!isSquashed) lchownSync(at, user.uid, user.gid);
    made.push(at);
  }
  // Last: what is made in a directory changes its time.
  if (epoch !== undefined) for (const at of made) setMtime(at, epoch, 0);
}
