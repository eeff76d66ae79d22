import { type Digest, Digests } from '../../../cache/index.ts';
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
export function writeCopy({ draft, selection }: Pick<CopyPlan, 'draft' | 'selection'>, writer: LayerWriter): Digest {
  const written = writeDraft(draft, writer);
  const byGroup = new Map<SelectedFiles, ReadonlyMap<string, Digest>>();
  for (const source of selection.sources) {
    if (source.kind === 'files') byGroup.set(source, groupDigests(source, written.get(source)));
  }
  return digestSelection(selection.sources, (item, source) => {
    const { linkGroup } = item.entry;
    return (
      written.get(source)?.get(item.index) ??
      (linkGroup === undefined ? undefined : byGroup.get(source)?.get(linkGroup)) ??
      source.items.digest(item)
    );
  });
}

/** Of the selected files whose content was written: their digests by their index. */
type Written = ReadonlyMap<SelectedFiles, Digests>;

export function writeDraft(draft: LayerDraft, writer: LayerWriter): Written {
  const names = sortedNames(draft);
  const counts = countNames(draft, names);
  const first = new Map<Inode, RelPath>();
  const written = new Map<SelectedFiles, Digests>();
  for (const name of names) {
    const path = pathOf(name);
    const { inode, isOpaque, canHaveNames } = draft.at(path);
    if (path === TOP && isPlainTop(inode)) continue;
    const target = canHaveNames ? first.get(inode) : undefined;
    const tar = tarEntry(path, inode);
    if (target !== undefined) {
      const link = { type: 'hardlink', size: 0, link: target, xattrs: NO_XATTRS, devMajor: 0, devMinor: 0 } as const;
      writer.add({ ...tar, ...link }, undefined, { linkGroup: target });
      continue;
    }
    if (canHaveNames) first.set(inode, path);
    const { content } = inode;
    const digest = writer.add(
      tar,
      content === undefined ? undefined : (sink) => content.read(sink),
      (counts.get(inode) ?? 0) > 1 ? { linkGroup: path } : {},
    );
    if (digest !== undefined && content?.item !== undefined) keep(written, content.item, digest);
    if (isOpaque) writer.opaque(path);
  }
  return written;
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

function keep(
  written: Map<SelectedFiles, Digests>,
  { source, index }: { readonly source: SelectedFiles; readonly index: number },
  digest: Digest,
): void {
  const digests = written.get(source) ?? new Digests();
  written.set(source, digests);
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

function groupDigests(source: SelectedFiles, written: Digests | undefined): ReadonlyMap<string, Digest> {
  const digests = new Map<string, Digest>();
  if (written === undefined || source.items.linkGroups().size === 0) return digests;
  for (const { entry, index } of source.items) {
    const digest = entry.linkGroup === undefined ? undefined : written.get(index);
    if (digest !== undefined && entry.linkGroup !== undefined) digests.set(entry.linkGroup, digest);
  }
  return digests;
}
