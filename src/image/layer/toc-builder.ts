import type { RelPath } from '../../util/rel-path.ts';
import type { TarEntry, TarHandler } from '../archive/index.ts';
import type { TocEntry } from '../toc/index.ts';
import { isForbiddenXattr, OPAQUE_NAME, WHITEOUT_PREFIX } from './names.ts';

export interface TocBuilder {
  readonly handler: TarHandler;
  readonly warnings: readonly string[];
  entries(): TocEntry[];
}

/** A foreign layer's entries as a table of contents: the last entry of a path counts, markers become flags. */
export function makeTocBuilder(): TocBuilder {
  const entries = new Map<string, TocEntry>();
  const opaque = new Set<string>();
  const linked = new Set<string>();
  const warnings: string[] = [];
  const add = (entry: TarEntry, offset: number): void => {
    const slash = entry.path.lastIndexOf('/') + 1;
    const [dir, base] = [entry.path.slice(0, Math.max(0, slash - 1)), entry.path.slice(slash)];
    if (base === OPAQUE_NAME) opaque.add(dir);
    else if (base.startsWith(WHITEOUT_PREFIX)) {
      const path = `${entry.path.slice(0, slash)}${base.slice(WHITEOUT_PREFIX.length)}`;
      // aufs's own bookkeeping (.wh..wh.plnk and the like) means nothing here
      if (!base.startsWith(`${WHITEOUT_PREFIX}${WHITEOUT_PREFIX}`)) entries.set(path, whiteout(path));
    } else if (entry.type === 'character' && entry.devMajor === 0 && entry.devMinor === 0)
      entries.set(entry.path, whiteout(entry.path));
    else {
      if (entry.type === 'hardlink') linked.add(entry.link);
      entries.set(entry.path, {
        ...cleaned(entry, warnings),
        offset,
        ...(entry.type === 'hardlink' ? { linkGroup: entry.link } : {}),
      });
    }
  };
  return {
    warnings,
    handler: { entry: (entry, { contentOffset }) => add(entry, contentOffset), content: () => undefined },
    entries: () => finished(entries, { opaque, linked }),
  };
}

function finished(
  entries: Map<string, TocEntry>,
  { opaque, linked }: { opaque: Set<string>; linked: Set<string> },
): TocEntry[] {
  for (const dir of opaque) {
    const entry = entries.get(dir);
    if (entry?.type === 'directory') entries.set(dir, { ...entry, opaque: true });
    else if (entry === undefined) entries.set(dir, { ...whiteout(dir), ...IMPLIED });
  }
  for (const path of linked) {
    const entry = entries.get(path);
    if (entry?.type === 'file') entries.set(path, { ...entry, linkGroup: path });
  }
  return [...entries.values()];
}

/** A directory that only its opaque marker names. */
const IMPLIED = { type: 'directory', mode: 0o755, whiteout: undefined, opaque: true } as const;

function whiteout(path: string): TocEntry {
  return {
    path: path as RelPath,
    type: 'file',
    mode: 0,
    uid: 0,
    gid: 0,
    size: 0,
    mtimeSec: 0,
    mtimeNsec: 0,
    link: '',
    devMajor: 0,
    devMinor: 0,
    xattrs: new Map(),
    offset: 0,
    whiteout: true,
  };
}

function cleaned(entry: TarEntry, warnings: string[]): TarEntry {
  const forbidden = [...entry.xattrs.keys()].filter(isForbiddenXattr);
  if (forbidden.length === 0) return entry;
  warnings.push(`${entry.path}: left out ${forbidden.join(', ')}`);
  return { ...entry, xattrs: new Map([...entry.xattrs].filter(([name]) => !isForbiddenXattr(name))) };
}
