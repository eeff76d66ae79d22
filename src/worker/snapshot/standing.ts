import { createHash } from 'node:crypto';
import { IMPLIED_DIRECTORY, type TarEntry } from '../../image/archive/index.ts';
import type { StackTree, Toc, TocEntry, TreeEntry } from '../../image/toc/index.ts';
import { displayPath, parentOf, type RelPath, TOP } from '../../util/rel-path.ts';

/** What a layer takes from the layers below it. Layers made here stand alone: both lists are empty. */
export interface Needs {
  /** Directories that entries lie in and that are no entries, parents first. */
  readonly parents: readonly RelPath[];
  /** Targets of hard links that are not in the layer. */
  readonly linked: readonly RelPath[];
}

export function needsOf(toc: Toc): Needs {
  const parents = new Set<RelPath>();
  const linked = new Set<RelPath>();
  if (!toc.closed) for (const entry of toc.entries()) addMissingParents(entry.path, toc, parents);
  for (const { link } of toc.hardlinks()) if (toc.lookup(link) === undefined) linked.add(link as RelPath);
  return { parents: [...parents].sort(), linked: [...linked].sort() };
}

function addMissingParents(path: RelPath, toc: Toc, parents: Set<RelPath>): void {
  for (let dir = parentOf(path); dir !== TOP && !parents.has(dir); dir = parentOf(dir)) {
    if (toc.lookup(dir) === undefined) parents.add(dir);
  }
}

/** What the layers below have for it. */
export interface Borrowed {
  readonly parents: readonly TreeEntry[];
  readonly linked: readonly TreeEntry[];
  /** Names the lower: the same layer on layers that have the same for it is the same lower. */
  readonly name: string;
}

export function borrow({ parents, linked }: Needs, below: StackTree, boot: string): Borrowed {
  const directories = parents.map((path) => {
    const entry = below.lookup(path);
    return entry?.type === 'directory' ? entry : impliedDirectory(path);
  });
  const files = linked.flatMap((path) => {
    const entry = below.lookup(path);
    return entry === undefined || entry.type === 'directory' ? [] : [entry];
  });
  const hash = createHash('sha256').update(boot);
  for (const entry of directories) hash.update(`${attributesOf(entry)}\n`);
  for (const entry of files)
    hash.update(`${attributesOf(entry)} ${entry.type === 'file' ? below.digest(entry) : ''}\n`);
  return { parents: directories, linked: files, name: hash.digest('hex').slice(0, 32) };
}

/**
 * Entries in byte order of their paths, with borrowed directories where they belong. Removals of what the layer itself hides are left out:
 * overlayfs lists them in directories that it need not merge.
 */
export function* withParents(toc: Toc, borrowed: Borrowed | undefined): Iterable<TocEntry> {
  const parents = borrowed?.parents ?? [];
  let yielded = 0;
  const opaque = new Set<RelPath>();
  for (const entry of toc.entries()) {
    for (let next = parents[yielded]; next !== undefined && next.path < entry.path; next = parents[yielded]) {
      yield { ...next, offset: 0 };
      yielded++;
    }
    if (entry.opaque === true) opaque.add(entry.path);
    if (entry.whiteout !== true || !isBelowOne(opaque, entry.path)) yield entry;
  }
}

function isBelowOne(directories: ReadonlySet<RelPath>, path: RelPath): boolean {
  if (directories.size === 0 || path === TOP) return false;
  const parent = parentOf(path);
  return directories.has(parent) || isBelowOne(directories, parent);
}

/** What a maker says of entries that it left out. */
export function skippedText(paths: readonly string[]): string {
  const named = paths.slice(0, 3).map(displayPath).join(', ');
  return `a layer has ${paths.length} entries below what is no directory, or links to nothing; they are left out: ${named}`;
}

export function lostText(lost: ReadonlySet<string>): string {
  return `files here cannot have: ${[...lost].join(', ')}`;
}

export function impliedDirectory(path: RelPath): TreeEntry {
  return { ...IMPLIED_DIRECTORY, path };
}

/** All that a directory has beside what is in it, or a file beside its bytes. */
export function attributesOf(entry: TarEntry): string {
  const { path, type, mode, uid, gid, mtimeSec, mtimeNsec, link, devMajor, devMinor } = entry;
  const xattrs = [...entry.xattrs].map(([name, value]) => [name, Buffer.from(value).toString('base64')]);
  return JSON.stringify([path, type, mode, uid, gid, mtimeSec, mtimeNsec, link, devMajor, devMinor, xattrs]);
}
