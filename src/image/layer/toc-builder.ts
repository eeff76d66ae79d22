import { displayPath } from '../../util/rel-path.ts';
import { ArchiveError, LINK_MODE, type TarEntry, type TarHandler } from '../archive/index.ts';
import { EntryStore, NameTree, placedEntry, type SortedEntries, StoreFull, TooManyNames } from '../toc/index.ts';
import { LayerTree } from './layer-tree.ts';
import { AUFS_LINKS, AUFS_PREFIX, isForbiddenXattr, OPAQUE_NAME, splitPath, WHITEOUT_PREFIX } from './names.ts';

export interface TocBuilder extends Disposable {
  readonly handler: TarHandler;
  readonly warnings: readonly string[];
  /** They can be read until the builder is disposed of. @throws ArchiveError, also while they are read */
  entries(): SortedEntries;
}

const MOST_WARNINGS = 100;

/**
 * A foreign layer's entries as a table of contents: what an engine that unpacks them one after the other would have on its disk,
 * and what it would have removed from the layers below.
 * @param tempPath of a file for what memory does not hold, which has no name as soon as it is made
 */
export function makeTocBuilder(tempPath: string): TocBuilder {
  const store = new EntryStore(tempPath);
  const tree = new LayerTree({ names: new NameTree(), asides: new NameTree(), store });
  const warnings: string[] = [];
  const warn = (text: string): void => {
    if (warnings.length < MOST_WARNINGS) warnings.push(text);
  };
  return {
    warnings,
    handler: {
      entry(entry, { contentOffset }) {
        // engines pass over what is said of the top
        if (entry.path !== '') limited(() => addEntry(tree, cleaned(asOnLinux(entry), warn), contentOffset));
      },
      content: () => undefined,
    },
    entries: () => tree.entries(),
    [Symbol.dispose]: () => store[Symbol.dispose](),
  };
}

function limited(work: () => void): void {
  try {
    work();
  } catch (error) {
    if (error instanceof TooManyNames || error instanceof StoreFull)
      throw new ArchiveError('too-many', error.message, { cause: error });
    throw error;
  }
}

function addEntry(tree: LayerTree, entry: TarEntry, offset: number): void {
  const { dir, base } = splitPath(entry.path);
  if (entry.path.startsWith(AUFS_PREFIX) && entry.path !== OPAQUE_NAME) addBookkeeping(tree, entry, offset);
  else if (dir.startsWith(WHITEOUT_PREFIX) || dir.includes(`/${WHITEOUT_PREFIX}`))
    throw new ArchiveError(
      'reserved-name',
      `${displayPath(entry.path)} lies in a directory whose name means a removal`,
    );
  else if (base.startsWith(WHITEOUT_PREFIX)) addMarker(tree, entry);
  else if (isWhiteoutDevice(entry)) {
    tree.replace(entry.path, undefined);
    tree.remove(dir, base);
  } else if (entry.type === 'hardlink') tree.link(entry);
  else tree.replace(entry.path, placedEntry(entry, { offset }));
}

function addMarker(tree: LayerTree, entry: TarEntry): void {
  const { dir, base } = splitPath(entry.path);
  if (base === OPAQUE_NAME) tree.hideBelow(dir);
  else if (!base.startsWith(WHITEOUT_PREFIX + WHITEOUT_PREFIX)) tree.remove(dir, removedName(entry, base));
}

/** overlayfs's own form of a removal. */
function isWhiteoutDevice({ type, devMajor, devMinor }: TarEntry): boolean {
  return type === 'character' && devMajor === 0 && devMinor === 0;
}

/** aufs kept files that had several names in a directory of its own, beside other things; links lead there. */
function addBookkeeping(tree: LayerTree, entry: TarEntry, offset: number): void {
  if (entry.type === 'file' && entry.path.startsWith(AUFS_LINKS)) tree.keepAside(placedEntry(entry, { offset }));
}

function removedName({ path }: TarEntry, base: string): string {
  const name = base.slice(WHITEOUT_PREFIX.length);
  if (name === '' || name === '.' || name === '..')
    throw new ArchiveError('unsafe-name', `${displayPath(path)} removes nothing that has a name`);
  return name;
}

function asOnLinux(entry: TarEntry): TarEntry {
  return entry.type === 'symlink' && entry.mode !== LINK_MODE ? { ...entry, mode: LINK_MODE } : entry;
}

function cleaned(entry: TarEntry, warn: (text: string) => void): TarEntry {
  if (entry.xattrs.size === 0) return entry;
  const forbidden = [...entry.xattrs.keys()].filter(isForbiddenXattr);
  if (forbidden.length === 0) return entry;
  warn(`${displayPath(entry.path)}: left out ${forbidden.join(', ')}`);
  return { ...entry, xattrs: new Map([...entry.xattrs].filter(([name]) => !isForbiddenXattr(name))) };
}
