import type { Digest } from '../../../cache/index.ts';
import type { TarEntry } from '../../image/archive/index.ts';
import { compareTarNames, type LayerWriter } from '../../image/layer/index.ts';
import type { RelPath } from '../../util/rel-path.ts';
import type { Inode, LayerDraft } from './draft.ts';
import type { CopyPlan } from './plan.ts';
import type { SelectedFiles, SelectedItem } from './selection.ts';
import { digestSelection } from './selection-digest.ts';

/**
 * Writes the layer, sorted and closed: every ancestor of every entry is an entry.
 * @returns the selection's digest, made again from the bytes that were written
 */
export function writeCopy({ draft, selection }: Pick<CopyPlan, 'draft' | 'selection'>, writer: LayerWriter): Digest {
  const written = writeDraft(draft, writer);
  const byGroup = new Map<SelectedFiles, Map<string, Digest>>();
  for (const source of selection.sources) {
    if (source.kind === 'files') byGroup.set(source, groupDigests(source, written));
  }
  return digestSelection(selection.sources, (item, source) => {
    const { linkGroup } = item.entry;
    return (
      written.get(item) ?? (linkGroup === undefined ? undefined : byGroup.get(source)?.get(linkGroup)) ?? item.digest
    );
  });
}

/** @returns the digests of the selected files whose content was written */
export function writeDraft(draft: LayerDraft, writer: LayerWriter): ReadonlyMap<SelectedItem, Digest> {
  const entries = [...draft.entries()].filter(({ path, inode }) => path !== '' || !isPlainTop(inode));
  const sorted = entries
    .map((entry) => ({ ...entry, tar: tarEntry(entry.path, entry.inode) }))
    .sort((a, b) => compareTarNames(a.tar, b.tar));
  const names = countNames(sorted);
  const first = new Map<Inode, RelPath>();
  const written = new Map<SelectedItem, Digest>();
  for (const { path, inode, isOpaque, tar } of sorted) {
    const target = inode.type === 'directory' ? undefined : first.get(inode);
    if (target !== undefined) {
      writer.add(
        { ...tar, type: 'hardlink', size: 0, link: target, xattrs: NO_XATTRS, devMajor: 0, devMinor: 0 },
        undefined,
        { linkGroup: target },
      );
      continue;
    }
    first.set(inode, path);
    const { content } = inode;
    const digest = writer.add(
      tar,
      content === undefined ? undefined : (sink) => content.read(sink),
      (names.get(inode) ?? 0) > 1 ? { linkGroup: path } : {},
    );
    if (digest !== undefined && content?.item !== undefined) written.set(content.item, digest);
    if (isOpaque) writer.opaque(path);
  }
  return written;
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

function countNames(entries: readonly { readonly inode: Inode }[]): ReadonlyMap<Inode, number> {
  const counts = new Map<Inode, number>();
  for (const { inode } of entries) counts.set(inode, (counts.get(inode) ?? 0) + 1);
  return counts;
}

function groupDigests(source: SelectedFiles, written: ReadonlyMap<SelectedItem, Digest>): Map<string, Digest> {
  const digests = new Map<string, Digest>();
  for (const item of source.items) {
    const digest = written.get(item);
    if (digest !== undefined && item.entry.linkGroup !== undefined) digests.set(item.entry.linkGroup, digest);
  }
  return digests;
}
