import type { Digest } from '../../../cache/index.ts';
import { type TarEntry, tarName } from '../../image/archive/index.ts';
import type { LayerWriter } from '../../image/layer/index.ts';
import { type RelPath, TOP } from '../../util/rel-path.ts';
import type { Inode, LayerDraft } from './draft.ts';
import type { CopyPlan } from './plan.ts';
import type { SelectedFiles } from './selection.ts';
import { digestSelection } from './selection-digest.ts';

/**
 * Writes the layer, sorted and closed: every ancestor of every entry is an entry.
 * @returns the selection's digest, made again from the bytes that were written
 */
export function writeCopy(plan: Pick<CopyPlan, 'draft' | 'selection'>, writer: LayerWriter): Digest {
  return atOnce(writingCopy(plan, writer));
}

/** The same, entry by entry. */
export function* writingCopy(
  { draft, selection }: Pick<CopyPlan, 'draft' | 'selection'>,
  writer: LayerWriter,
): Generator<void, Digest> {
  const told = yield* writingDraft(draft, writer);
  if (told.size === 0) return selection.digest;
  const byGroup = new Map<SelectedFiles, ReadonlyMap<string, Digest>>();
  for (const [source, written] of told) byGroup.set(source, groupDigests(source, written));
  return digestSelection(selection.sources, (item, source) => {
    const { linkGroup } = item.entry;
    return (
      told.get(source)?.get(item.index) ??
      (linkGroup === undefined ? undefined : byGroup.get(source)?.get(linkGroup)) ??
      source.items.digest(item)
    );
  });
}

/**
 * Of the selected files whose content was written, by their index: the digests that are not what the selection says, and those
 * of hard links, whose other names were not written.
 */
type Told = ReadonlyMap<SelectedFiles, ReadonlyMap<number, Digest>>;

export function writeDraft(draft: LayerDraft, writer: LayerWriter): Told {
  return atOnce(writingDraft(draft, writer));
}

function atOnce<T>(writing: Generator<void, T>): T {
  for (;;) {
    const { done, value } = writing.next();
    if (done === true) return value;
  }
}

function* writingDraft(draft: LayerDraft, writer: LayerWriter): Generator<void, Told> {
  const names = sortedNames(draft);
  const writing: Writing = { writer, counts: countNames(draft, names), first: new Map(), told: new Map() };
  for (const name of names) {
    const path = pathOf(name);
    const { inode, isOpaque, canHaveNames } = draft.at(path);
    if (path === TOP && isPlainTop(inode)) continue;
    if (canHaveNames && writing.first.has(inode)) writeLink(writing, path, inode);
    else {
      if (canHaveNames) writing.first.set(inode, path);
      writeInode(writing, path, inode);
    }
    if (isOpaque) writer.opaque(path);
    yield;
  }
  return writing.told;
}

interface Writing {
  readonly writer: LayerWriter;
  /** Of inodes with names. */
  readonly counts: ReadonlyMap<Inode, number>;
  readonly first: Map<Inode, RelPath>;
  readonly told: Map<SelectedFiles, Map<number, Digest>>;
}

function writeLink({ writer, first }: Writing, path: RelPath, inode: Inode): void {
  const target = first.get(inode) ?? path;
  const link = { type: 'hardlink', size: 0, link: target, xattrs: NO_XATTRS, devMajor: 0, devMinor: 0 } as const;
  writer.add({ ...tarEntry(path, inode), ...link }, undefined, { linkGroup: target });
}

function writeInode({ writer, counts, told }: Writing, path: RelPath, inode: Inode): void {
  const { content } = inode;
  const linkGroup = (counts.get(inode) ?? 0) > 1 ? path : undefined;
  // of one file with several names, the name that was hashed need not be the one that is written
  const taken = linkGroup === undefined ? content?.take?.() : undefined;
  if (taken !== undefined) {
    writer.add(tarEntry(path, inode), (sink) => sink(taken.bytes), { digest: taken.digest });
    return;
  }
  const read = content === undefined ? undefined : (sink: (chunk: Uint8Array) => void) => content.read(sink);
  const digest = writer.add(tarEntry(path, inode), read, { linkGroup });
  if (digest !== undefined && content?.item !== undefined) tell(told, content.item, digest);
}

const TOP_NAME = tarName({ path: TOP, type: 'directory' });

/** As the tar has them, in its order: directories end in a slash. */
function sortedNames(draft: LayerDraft): string[] {
  const names: string[] = [];
  for (const { path, isDirectory } of draft.names())
    names.push(isDirectory ? tarName({ path, type: 'directory' }) : path);
  return names.sort();
}

function pathOf(name: string): RelPath {
  if (name === TOP_NAME) return TOP;
  return (name.endsWith('/') ? name.slice(0, -1) : name) as RelPath;
}

function tell(
  told: Map<SelectedFiles, Map<number, Digest>>,
  { source, index }: { readonly source: SelectedFiles; readonly index: number },
  digest: Digest,
): void {
  const item = source.items.at(index);
  if (item.entry.linkGroup === undefined && source.items.digest(item) === digest) return;
  const digests = told.get(source) ?? new Map<number, Digest>();
  told.set(source, digests);
  digests.set(index, digest);
}

const NO_XATTRS: ReadonlyMap<string, Uint8Array> = new Map();

function tarEntry(path: RelPath, inode: Inode): TarEntry {
  return {
    path,
    type: inode.type,
    mode: inode.mode,
    uid: inode.uid,
    gid: inode.gid,
    size: inode.size,
    mtimeSec: inode.mtimeSec,
    mtimeNsec: inode.mtimeNsec,
    link: inode.link,
    devMajor: inode.devMajor,
    devMinor: inode.devMinor,
    xattrs: inode.xattrs,
  };
}

/** A top like every image's needs no entry. */
function isPlainTop({ mode, uid, gid, xattrs }: Inode): boolean {
  return mode === 0o755 && uid === 0 && gid === 0 && xattrs.size === 0;
}

function countNames(draft: LayerDraft, names: readonly string[]): ReadonlyMap<Inode, number> {
  const counts = new Map<Inode, number>();
  for (const name of names) {
    const shared = draft.shared(pathOf(name));
    if (shared !== undefined) counts.set(shared, (counts.get(shared) ?? 0) + 1);
  }
  return counts;
}

function groupDigests(source: SelectedFiles, written: ReadonlyMap<number, Digest>): ReadonlyMap<string, Digest> {
  const digests = new Map<string, Digest>();
  for (const [index, digest] of written) {
    const { linkGroup } = source.items.at(index).entry;
    if (linkGroup !== undefined) digests.set(linkGroup, digest);
  }
  return digests;
}
