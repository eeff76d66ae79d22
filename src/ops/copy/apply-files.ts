import type { Json } from '../../../cache/index.ts';
import { BuildError } from '../../errors.ts';
import type { TreeEntry } from '../../image/toc/index.ts';
import { joinRel, parentOf, type RelPath, TOP } from '../../util/rel-path.ts';
import { type Attributes, makeDirectories, shown } from './directories.ts';
import type { Content, Inode, LayerDraft, PlacedFiles } from './draft.ts';
import type { SelectedItem } from './items.ts';
import { resolveIn } from './resolve.ts';
import type { SelectedFiles } from './selection.ts';

export interface Placing {
  /** Absolute, latin1; ends in `/` or `/.` when it means a directory. */
  readonly dest: string;
  readonly how: Attributes;
}

/**
 * One source of a copy. A directory's contents go into the destination, which keeps its attributes when it is there already
 * (but takes the source's time); directories below it take the source's. Anything else goes to the destination, or
 * into it when it is a directory.
 * @returns where it went
 */
export function applyFiles(draft: LayerDraft, source: SelectedFiles, { dest, how }: Placing): Json {
  const parents = { mode: how.chmod?.parentMode ?? 0o755, owner: how.owner, nowSec: how.nowSec, handsOnBit: true };
  makeDirectories(draft, resolveIn(draft, directoryPart(dest)), parents);
  const end = resolveIn(draft, dest);
  const there = draft.lookup(end);
  if (source.top.type === 'directory') {
    if (there === undefined) makeDirectories(draft, end, parents);
    else if (there.type !== 'directory') throw notADirectory(end);
    mergeDirectory(draft, source, { target: end, how });
    return [end, there === undefined];
  }
  const target = there?.type === 'directory' ? joinRel(end, source.name) : end;
  makeDirectories(draft, parentOf(target), parents);
  assertNoDirectory(draft, target);
  draft.place(target, draft.number(filesOf(source, how), 1));
  return [target, true];
}

/** The part of a destination that must be a directory. */
function directoryPart(dest: string): string {
  return dest.endsWith('/') || dest.endsWith('/.') ? dest : dest.slice(0, dest.lastIndexOf('/') + 1);
}

function mergeDirectory(
  draft: LayerDraft,
  source: SelectedFiles,
  { target, how }: { readonly target: RelPath; readonly how: Attributes },
): void {
  const top = draft.directory(target);
  if (source.top.isImplied !== true) {
    top.mtimeSec = source.top.mtimeSec;
    top.mtimeNsec = source.top.mtimeNsec;
  }
  const first = draft.number(filesOf(source, how), source.items.length);
  // names of one hard-link group are one file, within one source
  const groups = source.items.linkGroups();
  const hardLinks = new Map<string, Inode>();
  const { items } = source;
  for (let index = 0; index < items.length; index += 1) {
    // nothing more is asked of a plain file, and nearly all are
    const item = items.plain?.mode(index) === undefined ? items.at(index) : undefined;
    const path = target === TOP ? items.path(index) : joinRel(target, items.path(index));
    if (item?.entry.type === 'directory') {
      putDirectory(draft, path, { item, source, how });
      continue;
    }
    assertNoDirectory(draft, path);
    const group = item && linkGroupOf(item);
    if (item === undefined || group === undefined || !groups.has(group)) draft.place(path, first + index);
    else
      draft.put(
        path,
        known(hardLinks, group, () => makeInode(source, item, how)),
      );
  }
}

function linkGroupOf({ entry }: SelectedItem): string | undefined {
  return entry.type === 'file' ? entry.linkGroup : undefined;
}

function filesOf(source: SelectedFiles, how: Attributes): PlacedFiles {
  return { inode: (index) => makeInode(source, source.items.at(index), how) };
}

function known(inodes: Map<string, Inode>, group: string, make: () => Inode): Inode {
  const inode = inodes.get(group) ?? make();
  inodes.set(group, inode);
  return inode;
}

function putDirectory(
  draft: LayerDraft,
  path: RelPath,
  { item, source, how }: { item: SelectedItem; source: SelectedFiles; how: Attributes },
): void {
  const there = draft.lookup(path);
  const inode = makeInode(source, item, how);
  if (there === undefined) {
    draft.put(path, inode);
    return;
  }
  if (there.type !== 'directory') throw notADirectory(path);
  const existing = draft.directory(path);
  if (item.isParent) {
    existing.mode = item.entry.mode;
    return;
  }
  existing.mode = inode.mode;
  existing.uid = inode.uid;
  existing.gid = inode.gid;
  existing.mtimeSec = inode.mtimeSec;
  existing.mtimeNsec = inode.mtimeNsec;
  draft.disown(path);
}

function assertNoDirectory(draft: LayerDraft, path: RelPath): void {
  if (draft.lookup(path)?.type === 'directory') {
    throw new BuildError('copy-conflict', `cannot replace the directory ${shown(path)} with a file`, {
      hint: 'copy to another path, or remove the directory in an earlier step',
    });
  }
}

const CAPABILITY = 'security.capability';

function makeInode(source: SelectedFiles, item: SelectedItem, { owner, chmod, nowSec, blocksStay }: Attributes): Inode {
  const { entry } = item;
  const isDirectory = entry.type === 'directory';
  return {
    type: entry.type === 'block' && blocksStay !== true ? 'character' : entry.type,
    mode: chmod === undefined || entry.type === 'symlink' ? entry.mode : chmod.apply(entry.mode, isDirectory),
    uid: owner?.uid ?? entry.uid,
    gid: owner?.gid ?? entry.gid,
    size: entry.size,
    mtimeSec: entry.isImplied === true ? nowSec : entry.mtimeSec,
    mtimeNsec: entry.mtimeNsec,
    link: entry.link,
    devMajor: entry.devMajor,
    devMinor: entry.devMinor,
    xattrs: capabilityOf(entry),
    content: entry.type === 'file' ? new ItemContent(source, item) : undefined,
  };
}

class ItemContent implements Content {
  readonly item: { readonly source: SelectedFiles; readonly index: number };
  readonly #selected: SelectedItem;

  constructor(source: SelectedFiles, selected: SelectedItem) {
    this.item = { source, index: selected.index };
    this.#selected = selected;
  }

  read(sink: (chunk: Uint8Array) => void): void {
    this.item.source.tree.read(this.#selected.entry, sink);
  }

  take(): ReturnType<NonNullable<Content['take']>> {
    const { tree, items } = this.item.source;
    const bytes = tree.take?.(this.#selected.entry);
    const digest = bytes && items.digest(this.#selected);
    return bytes && digest && { bytes, digest };
  }
}

/** The only attribute that a layer takes over: user.* and the like stay behind, as with BuildKit. */
export function capabilityOf({ xattrs }: Pick<TreeEntry, 'xattrs'>): ReadonlyMap<string, Uint8Array> {
  const capability = xattrs.size === 0 ? undefined : xattrs.get(CAPABILITY);
  return capability === undefined ? NO_XATTRS : new Map([[CAPABILITY, capability]]);
}

const NO_XATTRS: ReadonlyMap<string, Uint8Array> = new Map();

function notADirectory(path: RelPath): BuildError {
  return new BuildError('copy-conflict', `cannot copy a directory to ${shown(path)}, which is no directory`, {
    hint: 'a link in the way is only followed in the destination that COPY names; name its target there',
  });
}
