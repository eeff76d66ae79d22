import type { StackTree } from '../../image/toc/index.ts';
import { parentOf, type RelPath, TOP } from '../../util/rel-path.ts';
import { type CopiedTree, copiedOf } from './copy-tree.ts';
import { isSame, isUntouched } from './untouched.ts';
import { type Child, changeOf, childrenOf, inTarOrder, type UpperChange } from './walk-upper.ts';

export interface CopyWalk {
  readonly copied: CopiedTree;
  /** What was copied, without stubs. */
  readonly below: StackTree;
  /** Directories that were made for what was mounted. */
  readonly stubs: ReadonlySet<RelPath>;
  readonly breathe: () => Promise<void> | undefined;
}

/**
 * What has changed in a copy since it was made, in the order of a layer's tar, as an overlay's upper would say it: what was touched and is
 * not as it was is there, with the directories above it; what was removed is a removal; a directory in the place of another hides it; an
 * empty stub is nothing.
 */
export async function walkCopy(walk: CopyWalk): Promise<UpperChange[]> {
  const changes: UpperChange[] = [];
  await walkDirectory({ path: TOP, isNew: false }, changes, { ...walk, names: namesOf(walk.copied) });
  return changes;
}

interface Walk extends CopyWalk {
  /** Names that each directory had. */
  readonly names: ReadonlyMap<RelPath, readonly RelPath[]>;
}

function namesOf({ files }: CopiedTree): Map<RelPath, RelPath[]> {
  const names = new Map<RelPath, RelPath[]>();
  for (const path of files.keys()) {
    if (path === TOP) continue;
    const dir = parentOf(path);
    const known = names.get(dir);
    if (known === undefined) names.set(dir, [path]);
    else known.push(path);
  }
  return names;
}

interface Place {
  readonly path: RelPath;
  /** Not the directory that was copied to this path: everything in it is new. */
  readonly isNew: boolean;
}

async function walkDirectory({ path, isNew }: Place, changes: UpperChange[], walk: Walk): Promise<void> {
  const children = childrenOf(path, walk.copied.dir);
  const here = new Set(children.map((child) => child.path));
  const gone = isNew ? [] : (walk.names.get(path) ?? []).filter((name) => !here.has(name));
  for (const child of inTarOrder([...children, ...gone.map((name) => ({ path: name, type: 'whiteout' as const }))])) {
    await walk.breathe();
    if (child.type === 'socket') continue;
    if (!('stat' in child) || child.type === 'whiteout') addRemoval(child.path, changes, walk);
    else if (child.type === 'directory') await addDirectory({ child, isNew }, changes, walk);
    else if (isNew || isTouched(child, walk)) addFile({ child, isNew }, changes, walk);
  }
}

interface Found {
  readonly child: Child;
  /** In a directory whose contents are. */
  readonly isNew: boolean;
}

function addFile({ child, isNew }: Found, changes: UpperChange[], { below }: Walk): void {
  const change = changeOf(child);
  if (isNew || !isUntouched(change.entry, child.at, below)) changes.push(change);
}

/** Of a stub nothing remains, and nothing was there before. */
function addRemoval(path: RelPath, changes: UpperChange[], { below }: Walk): void {
  if (below.lookup(path) !== undefined) changes.push({ kind: 'whiteout', path });
}

async function addDirectory({ child, isNew }: Found, changes: UpperChange[], walk: Walk): Promise<void> {
  const { path } = child;
  const before = walk.below.lookup(path);
  const isReplaced = isNew || !isTheCopied(child, walk);
  const isOpaque = !isNew && isReplaced && before?.type === 'directory';
  const { entry, inode } = changeOf(child);
  const index = changes.push({ kind: 'entry', entry, isOpaque, inode }) - 1;
  await walkDirectory({ path, isNew: isReplaced }, changes, walk);
  if (index < changes.length - 1) return;
  if (walk.stubs.has(path)) changes.pop();
  else if (isReplaced) return;
  else if (!isChangedSince(child, walk) || (before !== undefined && isSame(entry, before))) changes.pop();
}

function isTheCopied({ path, stat }: Child, { copied }: Walk): boolean {
  const before = copied.files.get(path);
  const { ino, birthNs } = copiedOf(stat);
  return before !== undefined && before.ino === ino && before.birthNs === birthNs;
}

function isChangedSince({ path, stat }: Child, { copied }: Walk): boolean {
  return copied.files.get(path)?.ctimeNs !== stat.ctimeNs;
}

function isTouched(child: Child, walk: Walk): boolean {
  return !isTheCopied(child, walk) || isChangedSince(child, walk);
}
