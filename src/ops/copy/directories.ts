import { BuildError } from '../../errors.ts';
import { BARE } from '../../image/archive/index.ts';
import { displayPath, parentOf, type RelPath, TOP } from '../../util/rel-path.ts';
import type { ModeChange } from './chmod.ts';
import { type Inode, type LayerDraft, SET_GROUP_ID } from './draft.ts';
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

export interface NewDirectories {
  readonly mode: number;
  /** Absent: 0, and the group that the kernel gives. */
  readonly owner: Owner | undefined;
  readonly nowSec: number;
  /** Whether a set-group-id directory makes those in it such directories, too: not where their mode is set once they are there. */
  readonly handsOnBit: boolean;
}

/**
 * Makes a directory and its missing parents. The path has no symlink on it. As mkdir does, one in a set-group-id directory gets its group.
 * @throws BuildError copy-conflict when a part of it is no directory
 */
export function makeDirectories(draft: LayerDraft, path: RelPath, how: NewDirectories): void {
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
  draft.put(path, newDirectory(how, path === TOP ? undefined : draft.groupFor(path)));
}

/** `/a/b`, for messages. */
export function shown(path: RelPath): string {
  return `/${displayPath(path)}`;
}

function newDirectory({ mode, owner, nowSec, handsOnBit }: NewDirectories, group: number | undefined): Inode {
  const { uid, gid } = owner ?? { uid: BARE.uid, gid: group ?? BARE.gid };
  const bit = group !== undefined && handsOnBit ? SET_GROUP_ID : 0;
  return { ...BARE, type: 'directory', mode: mode | bit, uid, gid, mtimeSec: nowSec };
}
