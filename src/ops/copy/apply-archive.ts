import type { Json } from '../../../cache/index.ts';
import { BuildError } from '../../errors.ts';
import { LINK_MODE, type TarEntry } from '../../image/archive/index.ts';
import type { SpooledEntry } from '../../sources/context/index.ts';
import { joinRel, parentOf, type RelPath, TOP } from '../../util/rel-path.ts';
import { capabilityOf, type Placing } from './apply-files.ts';
import { type Attributes, makeDirectories, shown } from './directories.ts';
import type { Inode, LayerDraft } from './draft.ts';
import { resolveIn } from './resolve.ts';
import type { SelectedArchive } from './selection.ts';

/**
 * ADD of an archive: its entries, in order, into the destination, which is the root that no link leads out of. What is in
 * the way is replaced, links to directories too; directories are merged; a link to nothing on the way is an error; --chmod does not apply, --chown does not to parents that the archive lacks.
 * @returns where it went, and which entries a link led elsewhere
 */
export function applyArchive(draft: LayerDraft, source: SelectedArchive, { dest, how }: Placing): Json {
  if (source.unpacked === undefined) throw new Error(`${source.name} was selected for its digest only`);
  const root = resolveIn(draft, dest);
  makeDirectories(draft, root, { mode: 0o755, owner: how.owner, nowSec: how.nowSec, handsOnBit: true });
  const unpacking: Unpacking = { draft, root, how, moved: [] };
  for (const entry of source.unpacked.entries) applyEntry(unpacking, entry);
  return [root, ...unpacking.moved];
}

interface Unpacking {
  readonly draft: LayerDraft;
  readonly root: RelPath;
  readonly how: Attributes;
  readonly moved: Json[];
}

function applyEntry(unpacking: Unpacking, spooled: SpooledEntry): void {
  const { draft, root, how, moved } = unpacking;
  const { entry } = spooled;
  if (entry.path === '') return;
  const path = resolveIn(draft, entry.path, { root, followLast: false });
  if (path === root) return;
  if (path !== below(root, entry.path)) {
    assertNoDeadEnd(draft, parentOf(entry.path), root);
    moved.push([entry.path, path]);
  }
  makeDirectories(draft, parentOf(path), { mode: 0o755, owner: undefined, nowSec: how.nowSec, handsOnBit: false });
  if (entry.type === 'directory') applyDirectory(unpacking, path, entry);
  else if (entry.type === 'hardlink') applyHardLink(unpacking, path, entry);
  else draft.put(path, inodeOf(spooled, how));
}

/** A directory can be made where there is nothing, but not in the place of a link to nothing. */
function assertNoDeadEnd(draft: LayerDraft, dir: RelPath, root: RelPath): void {
  if (dir === TOP) return;
  assertNoDeadEnd(draft, parentOf(dir), root);
  if (draft.lookup(resolveIn(draft, dir, { root })) !== undefined) return;
  const link = resolveIn(draft, dir, { root, followLast: false });
  if (draft.lookup(link)?.type !== 'symlink') return;
  throw new BuildError(
    'copy-conflict',
    `the archive has files below ${shown(link)}, which is a link to nothing there`,
    {
      hint: 'absolute links of an archive lead to what lies in the directory that it is unpacked to; make that first',
    },
  );
}

function applyDirectory({ draft, how }: Unpacking, path: RelPath, entry: TarEntry): void {
  const made = inodeOf({ entry }, how);
  if (draft.lookup(path)?.type === 'directory') {
    Object.assign(draft.directory(path), attributesOf(made));
    draft.disown(path);
  } else {
    draft.put(path, made);
  }
}

/** Another name of a file of the archive, or of one that was there. Its header's attributes are the file's from then on, of a symlink the owner. */
function applyHardLink({ draft, root, how }: Unpacking, path: RelPath, entry: TarEntry): void {
  const target = resolveIn(draft, entry.link, { root, followLast: false });
  const there = draft.lookup(target);
  if (there === undefined || there.type === 'directory') {
    throw new BuildError('copy-conflict', `the archive links ${shown(path)} to ${shown(target)}, which is no file`, {
      hint: 'the archive is incomplete: it was perhaps made from a part of a tree',
    });
  }
  if (target === path) return;
  const inode = draft.adopt(target);
  const { uid, gid, ...more } = attributesOf(inodeOf({ entry }, how));
  Object.assign(inode, { uid, gid }, inode.type === 'symlink' ? {} : more);
  draft.put(path, inode);
}

function attributesOf({ mode, uid, gid, mtimeSec, mtimeNsec }: Inode) {
  return { mode, uid, gid, mtimeSec, mtimeNsec };
}

/** The last second of an int64 of nanoseconds, as Go has times: what is beyond is no time. */
const LATEST_SEC = 9_223_372_036;

function inodeOf({ entry, read }: { entry: TarEntry; read?: SpooledEntry['read'] }, { owner }: Attributes): Inode {
  return {
    type: entry.type,
    mode: entry.type === 'symlink' ? LINK_MODE : entry.mode,
    uid: owner?.uid ?? entry.uid,
    gid: owner?.gid ?? entry.gid,
    size: entry.size,
    mtimeSec: entry.mtimeSec < 0 || entry.mtimeSec > LATEST_SEC ? 0 : entry.mtimeSec,
    mtimeNsec: entry.mtimeNsec,
    link: entry.type === 'symlink' ? entry.link : '',
    devMajor: entry.devMajor,
    devMinor: entry.devMinor,
    xattrs: capabilityOf(entry),
    content: entry.type === 'file' && read !== undefined ? { read } : undefined,
  };
}

function below(root: RelPath, path: RelPath): RelPath {
  return root === '' ? path : joinRel(root, path);
}
