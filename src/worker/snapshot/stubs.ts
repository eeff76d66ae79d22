import { chmodSync, mkdirSync } from 'node:fs';
import { BuildError } from '../../errors.ts';
import { resolvePath, type StackTree, TooManyLinks, type TreeEntry } from '../../image/toc/index.ts';
import { nowMs } from '../../util/clock.ts';
import { displayPath, parentOf, type RelPath, relPathOfText, TOP } from '../../util/rel-path.ts';
import { attributesOf, impliedDirectory } from './standing.ts';
import { TreeWriter, type TreeWriterOptions } from './tree-writer.ts';

/** Something will be mounted there. */
export interface MountPoint {
  /** Absolute text path in the rootfs, as it was asked for. */
  readonly target: string;
  readonly type: 'file' | 'directory';
  /** Of a missing directory: runc gives a tmpfs the mode of what it is mounted on. */
  readonly mode?: number;
  /** The runtime makes it where it is missing, and it stays in the layer: /proc, /dev and /sys, as with every builder. */
  readonly isRuntimes?: boolean;
}

export interface PlannedStub {
  readonly path: RelPath;
  readonly type: 'file' | 'directory';
  readonly mode?: number | undefined;
}

export interface StubPlan {
  /** Where each mount point really lies, symlinks followed as in a chroot; in the order they were asked for. */
  readonly targets: readonly RelPath[];
  /** What is missing, parents first. */
  readonly missing: readonly PlannedStub[];
}

/** @throws BuildError mount-failed when something that is no directory is in the way */
export function planStubs(tree: StackTree, points: readonly MountPoint[]): StubPlan {
  const missing = new Map<RelPath, PlannedStub>();
  const targets = points.map(({ target, type, mode, isRuntimes }) => {
    const path = resolved(tree, target);
    for (const dir of ancestors(path)) {
      const there = missing.get(dir)?.type ?? tree.lookup(dir)?.type;
      if (there === undefined) missing.set(dir, { path: dir, type: 'directory' });
      else if (there !== 'directory') throw blocked(target, dir);
    }
    if (isRuntimes !== true && tree.lookup(path) === undefined && !missing.has(path))
      missing.set(path, { path, type, mode });
    return path;
  });
  return { targets, missing: [...missing.values()].sort((a, b) => (a.path < b.path ? -1 : 1)) };
}

/** Those that are no trace of a RUN when it leaves them empty. */
export function stubDirectories(missing: readonly PlannedStub[]): ReadonlySet<RelPath> {
  return new Set(missing.filter(({ type }) => type === 'directory').map(({ path }) => path));
}

/** As the RUN finds it: made just now, as whatever it makes there will be. */
export function stubEntry({ path, type, mode = DIRECTORY_MODE }: PlannedStub): TreeEntry {
  const mtimeSec = Math.floor(nowMs() / 1000);
  return { ...impliedDirectory(path), type, mode: type === 'file' ? FILE_MODE : mode, mtimeSec };
}

/**
 * Mount points that the stack lacks, as a lower above it: they never are in the upper, so they leave no trace in what a RUN changed. The
 * directories on the way look as they do below.
 */
export function writeStubs(
  tree: StackTree,
  missing: readonly PlannedStub[],
  { dir, options }: { dir: string; options: TreeWriterOptions },
): void {
  mkdirSync(dir, 0o755);
  chmodSync(dir, 0o755);
  const writer = new TreeWriter(dir, options);
  for (const stub of missing) {
    const { path, type } = stub;
    for (const parent of ancestors(path)) {
      if (!writer.hasDirectory(parent)) writer.add(parent, tree.lookup(parent) ?? impliedDirectory(parent));
    }
    if (type === 'file' || !writer.hasDirectory(path)) writer.add(path, stubEntry(stub));
  }
  writer.finish();
}

/** Equal ones make equal stubs. */
export function keyOfStubs(tree: StackTree, missing: readonly PlannedStub[]): string {
  const around = new Set(missing.flatMap(({ path }) => ancestors(path)));
  const entries = [...around].map((path) => attributesOf(tree.lookup(path) ?? impliedDirectory(path)));
  return JSON.stringify([missing, entries]);
}

const DIRECTORY_MODE = 0o755;
const FILE_MODE = 0o644;

function resolved(tree: StackTree, target: string): RelPath {
  try {
    return resolvePath(tree, relPathOfText(target), { followLast: true }).path;
  } catch (error) {
    if (!(error instanceof TooManyLinks)) throw error;
    throw new BuildError('mount-failed', `cannot mount on ${target}: too many symbolic links`, { cause: error });
  }
}

function blocked(target: string, dir: RelPath): BuildError {
  return new BuildError('mount-failed', `cannot mount on ${target}: /${displayPath(dir)} is not a directory`, {
    hint: 'choose another target for the mount',
  });
}

/** Parents first, without the top and the path itself. */
function ancestors(path: RelPath): RelPath[] {
  const found: RelPath[] = [];
  for (let dir = parentOf(path); dir !== TOP; dir = parentOf(dir)) found.unshift(dir);
  return found;
}
