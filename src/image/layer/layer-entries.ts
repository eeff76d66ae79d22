import { displayPath, type RelPath } from '../../util/rel-path.ts';
import { ArchiveError, BARE, IMPLIED_DIRECTORY } from '../archive/index.ts';
import { type EntryStore, type NameTree, type SortedEntries, TOP_NODE, type TocEntry } from '../toc/index.ts';

/** Of nodes: what is below them in other layers is gone; something was to be put into them. */
export const FLAGS = { removed: 1, opaque: 2, parent: 4 } as const;
export const NO_FILE = -1;
/** Of a path. */
export const MOST_BYTES = 4096;

interface Nodes {
  readonly names: NameTree;
  readonly store: EntryStore;
  readonly fileAt: (node: number) => number;
  readonly flagsAt: (node: number) => number;
}

/** A tree as a table of contents. @throws ArchiveError, also while the entries are read */
export function layerEntries(nodes: Nodes): SortedEntries {
  const order = entriesIn(nodes);
  const isThere = new Uint8Array(nodes.names.size);
  isThere[TOP_NODE] = 1;
  for (const node of order) isThere[node] = 1;
  const isClosed = order.every((node) => isThere[nodes.names.parent(node)] === 1);
  return { count: order.length, isClosed, entries: encoded(nodes, order) };
}

/** In place: a filtered array is made of a list of objects first. */
function entriesIn(nodes: Nodes): Uint32Array {
  const order = nodes.names.sorted();
  let count = 0;
  for (const node of order) {
    if (!isEntry(nodes, node)) continue;
    order[count] = node;
    count += 1;
  }
  return order.subarray(0, count);
}

function isEntry({ fileAt, flagsAt }: Nodes, node: number): boolean {
  return fileAt(node) !== NO_FILE || (flagsAt(node) & (FLAGS.removed | FLAGS.opaque)) !== 0;
}

function* encoded(nodes: Nodes, order: Uint32Array): Generator<TocEntry | Buffer> {
  const primary = primaryNames(nodes, order);
  for (const node of order) {
    const path = nodes.names.path(node) as RelPath;
    if (path.length > MOST_BYTES) throw tooDeep(path);
    const place = { node, path, primary: primary(nodes.fileAt(node)) };
    yield recordOf(nodes, place) ?? entryOf(nodes, place);
  }
}

/** Of each file with several names: the one that stands for its content. It keeps the one it came under while that is its own. */
function primaryNames({ names, store, fileAt }: Nodes, order: Uint32Array): (file: number) => string | undefined {
  const NONE = 0xffffffff;
  const first = new Uint32Array(store.size).fill(NONE);
  const isShared = new Uint8Array(store.size);
  for (const node of order) {
    const file = fileAt(node);
    if (file === NO_FILE || store.type(file) === 'directory') continue;
    if (first[file] === NONE) first[file] = node;
    else isShared[file] = 1;
  }
  for (const node of order) {
    const file = fileAt(node);
    // a shared file's own name, where the tree has it
    if (file !== NO_FILE && isShared[file] === 1 && names.path(node) === store.entry(file).path) first[file] = node;
  }
  return (file) => (isShared[file] === 1 ? names.path(first[file] ?? TOP_NODE) : undefined);
}

interface Place {
  readonly node: number;
  readonly path: RelPath;
  /** Of a file with several names. */
  readonly primary: string | undefined;
}

/** Of an entry that is to say what its header said, as most do. */
function recordOf({ store, fileAt, flagsAt }: Nodes, { node, path, primary }: Place): Buffer | undefined {
  const file = fileAt(node);
  if (file === NO_FILE || primary !== undefined || (flagsAt(node) & (FLAGS.removed | FLAGS.opaque)) !== 0)
    return undefined;
  return store.type(file) === 'hardlink' ? undefined : store.record(file, path);
}

function entryOf({ store, fileAt, flagsAt }: Nodes, { node, path, primary }: Place): TocEntry {
  const file = fileAt(node);
  const flags = flagsAt(node);
  if (file === NO_FILE) {
    const isDirectory = (flags & (FLAGS.parent | FLAGS.opaque)) !== 0;
    return isDirectory
      ? { ...IMPLIED_DIRECTORY, path, offset: 0, opaque: true }
      : { ...BARE, path, type: 'file', offset: 0, whiteout: true };
  }
  const entry = store.entry(file, path);
  if (entry.type === 'directory')
    return (flags & (FLAGS.removed | FLAGS.opaque)) === 0 ? entry : { ...entry, opaque: true };
  if (entry.type === 'hardlink') return linkTo(entry, entry.link);
  if (primary === undefined) return entry;
  return primary === path ? { ...entry, linkGroup: primary } : linkTo(entry, primary);
}

function linkTo(entry: TocEntry, target: string): TocEntry {
  return { ...entry, type: 'hardlink', link: target, linkGroup: target, size: 0, offset: 0 };
}

export function tooDeep(path: string): ArchiveError {
  return new ArchiveError('unsafe-name', `links lead to a path that is too long: ${displayPath(path.slice(0, 100))}…`);
}
