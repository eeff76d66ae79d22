import { BuildError } from '../../errors.ts';
import { BARE } from '../../image/archive/index.ts';
import { displayPath, parentOf, type RelPath, TOP } from '../../util/rel-path.ts';
import type { ModeChange } from './chmod.ts';
import type { Inode, LayerDraft } from './draft.ts';
import type { Owner } from './owner.ts';

/** What flags say about everything that a copy makes. */
export interface Attributes {
  readonly owner: Owner | undefined;
  readonly chmod: ModeChange | undefined;
  /** Dates what has no time of its own. */
  readonly nowSec: number;
  /** BuildKit's copies of block devices are character devices; what a mount shows is no copy. */
  readonly blocksStay?: boolean;
}

/**
 * Makes a directory and its missing parents. The path has no symlink on it.
 * @throws BuildError copy-conflict when a part of it is no directory
 */
export function makeDirectories(
  draft: LayerDraft,
  path: RelPath,
  how: { readonly mode: number; readonly owner: Owner | undefined; readonly nowSec: number },
): void {
  const entry = draft.lookup(path);
  if (entry?.type === 'directory') return;
  if (entry !== undefined) {
    throw new BuildError(
      'copy-conflict',
      `cannot make the directory ${shown(path)}: there is a ${entry.type} of that name`,
      {
        hint: 'choose another destination, or remove that file in an earlier step',
      },
    );
  }
  if (path !== TOP) makeDirectories(draft, parentOf(path), how);
  draft.put(path, newDirectory(how));
}

/** `/a/b`, for messages. */
export function shown(path: RelPath): string {
  return `/${displayPath(path)}`;
}

function newDirectory({ mode, owner, nowSec }: Parameters<typeof makeDirectories>[2]): Inode {
  const { uid, gid } = owner ?? BARE;
  return { ...BARE, type: 'directory', mode, uid, gid, mtimeSec: nowSec };
}
