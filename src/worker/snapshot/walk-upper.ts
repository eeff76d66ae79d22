import { type BigIntStats, lstatSync, readdirSync, readlinkSync, rmSync } from 'node:fs';
import { lgetxattr, llistxattr, lsetxattr, setMtime } from '../../host/sys/index.ts';
import type { EntryType, TarEntry } from '../../image/archive/index.ts';
import { compareTarNames } from '../../image/layer/index.ts';
import type { TreeEntry } from '../../image/toc/index.ts';
import { baseName, hostPath, joinRel, type RelPath, TOP } from '../../util/rel-path.ts';
import { type Below, isSame, isUntouched } from './untouched.ts';

/** One thing that an upper directory says of the layers below it. */
export type UpperChange =
  | { readonly kind: 'whiteout'; readonly path: RelPath }
  | {
      readonly kind: 'entry';
      readonly entry: TarEntry;
      readonly isOpaque: boolean;
      readonly inode: string | undefined;
    };

export interface UpperWalk {
  readonly dir: string;
  readonly below: Below;
  /** Directories that were made for what was mounted. */
  readonly stubs: ReadonlySet<RelPath>;
  readonly opaqueXattr: string;
  readonly breathe: () => Promise<void> | undefined;
}

/**
 * What an upper changes, in the order of a layer's tar. Overlayfs's own shorthands are translated: a 0:0 device is a removal, an
 * opaque directory one that hides what is below. What a layer cannot hold or that changes nothing (sockets, removals of nothing, files and
 * directories that were only copied up, stubs that are empty) is taken out of the upper as well, so that it equals the layer.
 */
export async function walkUpper(walk: UpperWalk): Promise<UpperChange[]> {
  const changes: UpperChange[] = [];
  await walkDirectory(TOP, changes, walk);
  return changes;
}

/** A file found in a directory. A 0:0 device, which overlayfs makes of a removal, is a whiteout. */
export interface Child {
  readonly path: RelPath;
  readonly at: Buffer;
  readonly stat: BigIntStats;
  readonly type: EntryType | 'whiteout' | 'socket';
}

/** @returns whether the directory itself had to be changed */
async function walkDirectory(dir: RelPath, changes: UpperChange[], walk: UpperWalk): Promise<boolean> {
  let isTouched = false;
  for (const child of inTarOrder(childrenOf(dir, walk.dir))) {
    await walk.breathe();
    if (isNothing(child, walk.below)) {
      rmSync(child.at);
      isTouched = true;
    } else if (child.type === 'whiteout') changes.push({ kind: 'whiteout', path: child.path });
    else if (child.type === 'directory') isTouched = (await addDirectory(child, changes, walk)) || isTouched;
    else isTouched = addFile(child, changes, walk) || isTouched;
  }
  return isTouched;
}

function addFile(child: Child, changes: UpperChange[], { below }: UpperWalk): boolean {
  const change = changeOf(child);
  if (isUntouched(change.entry, child.at, below)) {
    rmSync(child.at);
    return true;
  }
  changes.push(change);
  return false;
}

async function addDirectory(child: Child, changes: UpperChange[], walk: UpperWalk): Promise<boolean> {
  const { path, at } = child;
  const { entry, inode } = changeOf(child);
  const before = directoryIn(walk.below, path);
  const isOpaque = isMarkedOpaque(at, walk.opaqueXattr);
  const hides = isOpaque && before !== undefined;
  const seen = isOpaque ? undefined : before;
  // The kernel marks each new directory, to save look-ups.
  if (isOpaque && !hides) lsetxattr(at, walk.opaqueXattr, NO);
  const index = changes.push({ kind: 'entry', entry, isOpaque: hides, inode }) - 1;
  const isTouched = await walkDirectory(path, changes, seen === undefined ? { ...walk, below: NOTHING } : walk);
  const isUnchanged = walk.stubs.has(path) || (seen !== undefined && isSame(entry, seen));
  if (isUnchanged && index === changes.length - 1) {
    changes.pop();
    rmSync(at, { recursive: true });
    return true;
  }
  if (isTouched) setMtime(at, entry.mtimeSec, entry.mtimeNsec);
  return false;
}

function directoryIn(below: Below, path: RelPath): TreeEntry | undefined {
  const entry = below.lookup(path);
  return entry?.type === 'directory' ? entry : undefined;
}

const NO = Buffer.from('n');
const NOTHING: Below = { lookup: () => undefined, read: () => undefined };

/** In no order. */
export function childrenOf(dir: RelPath, top: string): Child[] {
  return readdirSync(hostPath(top, dir), { encoding: 'latin1' }).map((name) => {
    const path = joinRel(dir, name);
    const at = hostPath(top, path);
    const stat = lstatSync(at, { bigint: true });
    return { path, at, stat, type: typeOf(stat) };
  });
}

/** What lies in one directory, as a layer's tar has it. */
export function inTarOrder<T extends Pick<Child, 'path' | 'type'>>(children: readonly T[]): T[] {
  return children
    .map((child) => ({ child, place: tarPlace(child) }))
    .sort((a, b) => compareTarNames(a.place, b.place))
    .map(({ child }) => child);
}

function tarPlace({ path, type }: Pick<Child, 'path' | 'type'>) {
  const name = baseName(path) as RelPath;
  if (type === 'whiteout') return { path: name, type: 'file', whiteout: true } as const;
  return { path: name, type: type === 'socket' ? 'file' : type } as const;
}

function typeOf(stat: BigIntStats): Child['type'] {
  if (stat.isFile()) return 'file';
  if (stat.isDirectory()) return 'directory';
  if (stat.isSymbolicLink()) return 'symlink';
  if (stat.isCharacterDevice()) return stat.rdev === 0n ? 'whiteout' : 'character';
  if (stat.isBlockDevice()) return 'block';
  return stat.isFIFO() ? 'fifo' : 'socket';
}

function isNothing({ type, path }: Child, below: Below): boolean {
  return type === 'socket' || (type === 'whiteout' && below.lookup(path) === undefined);
}

/** Of a child that a layer can hold. */
export function changeOf({ path, at, stat, type }: Child) {
  const isDevice = type === 'character' || type === 'block';
  const seconds = floorDiv(stat.mtimeNs, SECOND);
  const entry: TarEntry = {
    path,
    type: type as EntryType,
    mode: Number(stat.mode) & 0o7777,
    uid: Number(stat.uid),
    gid: Number(stat.gid),
    size: type === 'file' ? Number(stat.size) : 0,
    mtimeSec: Number(seconds),
    mtimeNsec: Number(stat.mtimeNs - seconds * SECOND),
    link: type === 'symlink' ? readlinkSync(at, { encoding: 'latin1' }) : '',
    devMajor: isDevice ? major(stat.rdev) : 0,
    devMinor: isDevice ? minor(stat.rdev) : 0,
    xattrs: keptXattrs(at),
  };
  const inode = type !== 'directory' && stat.nlink > 1n ? `${stat.dev}:${stat.ino}` : undefined;
  return { kind: 'entry' as const, entry, isOpaque: false, inode };
}

const SECOND = 1_000_000_000n;

function floorDiv(value: bigint, by: bigint): bigint {
  const quotient = value / by;
  return value % by < 0n ? quotient - 1n : quotient;
}

function major(rdev: bigint): number {
  return Number(((rdev >> 8n) & 0xfffn) | ((rdev >> 32n) & 0xfffff000n));
}

function minor(rdev: bigint): number {
  return Number((rdev & 0xffn) | ((rdev >> 12n) & 0xffffff00n));
}

function keptXattrs(at: Buffer): ReadonlyMap<string, Uint8Array> {
  const kept = new Map<string, Uint8Array>();
  for (const name of llistxattr(at)) {
    if (name !== 'security.capability' && !(name.startsWith('user.') && !name.startsWith('user.overlay.'))) continue;
    const value = lgetxattr(at, name);
    if (value !== undefined) kept.set(name, value);
  }
  return kept;
}

/** `x`, which newer kernels write, is about whiteouts in xattrs: nothing is hidden. */
function isMarkedOpaque(at: Buffer, name: string): boolean {
  const value = lgetxattr(at, name);
  return value !== undefined && Buffer.from(value).toString('latin1') === 'y';
}
