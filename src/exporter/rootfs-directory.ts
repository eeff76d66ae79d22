import {
  chmodSync,
  closeSync,
  linkSync,
  lstatSync,
  mkdirSync,
  openSync,
  rmSync,
  type Stats,
  symlinkSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { makeDirectories } from '../../cache/index.ts';
import { setMtime } from '../host/sys/index.ts';
import type { Tree, TreeEntry } from '../image/toc/index.ts';
import { makeBreather } from '../util/breathe.ts';
import { displayPath, hostPath, joinRel, type RelPath, TOP } from '../util/rel-path.ts';
import { outputFailed } from './destination.ts';

export interface RootfsDirectoryOptions {
  readonly dest: string;
  /** Dates all files when given, in seconds. */
  readonly epoch?: number | undefined;
  readonly warn: (message: string) => void;
  readonly signal: AbortSignal;
}

/**
 * Writes a tree's files into a directory, over what is there. They belong to the caller; devices, fifos and setuid bits are left
 * out. No symlink is followed, neither the tree's nor one that is there: what stands where a directory must be is removed.
 * @returns bytes of content
 * @throws BuildError output-failed
 */
export async function writeRootfsDirectory(
  tree: Tree,
  { dest, epoch, warn, signal }: RootfsDirectoryOptions,
): Promise<number> {
  const state: Writing = {
    tree,
    dest,
    epoch,
    breathe: makeBreather(signal),
    firstNames: new Map(),
    skipped: [],
    size: 0,
  };
  signal.throwIfAborted();
  try {
    makeDirectories(dest);
    await writeChildren(TOP, state);
  } catch (error) {
    // The reason of an abort has a code as well.
    signal.throwIfAborted();
    if ((error as NodeJS.ErrnoException).code === undefined) throw error;
    throw outputFailed(dest, error);
  }
  if (state.skipped.length > 0) {
    const named = state.skipped.slice(0, 5).map(displayPath).join(', ');
    warn(
      `${state.skipped.length} special files (devices, pipes) were not written to ${dest}: ${named}${state.skipped.length > 5 ? ', …' : ''}`,
    );
  }
  return state.size;
}

interface Writing {
  readonly tree: Tree;
  readonly dest: string;
  readonly epoch: number | undefined;
  readonly breathe: () => Promise<void> | undefined;
  /** Hard-link group → the name of it that was written. */
  readonly firstNames: Map<string, Buffer>;
  readonly skipped: string[];
  size: number;
}

async function writeChildren(dir: RelPath, state: Writing): Promise<void> {
  for (const name of state.tree.list(dir)) {
    const pause = state.breathe();
    if (pause !== undefined) await pause;
    const path = joinRel(dir, name);
    const entry = state.tree.lookup(path);
    if (entry !== undefined) await writeEntry(path, entry, state);
  }
}

async function writeEntry(path: RelPath, entry: TreeEntry, state: Writing): Promise<void> {
  const at = hostPath(state.dest, path);
  switch (entry.type) {
    case 'directory':
      await writeDirectory(path, entry, state);
      return;
    case 'symlink':
      removeWhatStands(at);
      symlinkSync(Buffer.from(entry.link, 'latin1'), at);
      setTime(at, entry, state);
      return;
    case 'file':
      removeWhatStands(at);
      writeFile(at, entry, state);
      return;
    case 'hardlink':
    case 'character':
    case 'block':
    case 'fifo':
      state.skipped.push(path);
  }
}

/** Mode and time are set last: a read-only directory must take its children first. */
async function writeDirectory(path: RelPath, entry: TreeEntry, state: Writing): Promise<void> {
  const at = hostPath(state.dest, path);
  const there = statsOf(at);
  if (there?.isDirectory() !== true) {
    if (there !== undefined) unlinkSync(at);
    mkdirSync(at, 0o700);
  } else if ((there.mode & 0o700) !== 0o700) chmodSync(at, 0o700);
  await writeChildren(path, state);
  chmodSync(at, entry.mode & PLAIN_MODE);
  setTime(at, entry, state);
}

const PLAIN_MODE = 0o1777;

function writeFile(at: Buffer, entry: TreeEntry, state: Writing): void {
  const first = entry.linkGroup === undefined ? undefined : state.firstNames.get(entry.linkGroup);
  if (first !== undefined) {
    linkSync(first, at);
    return;
  }
  const fd = openSync(at, 'wx', 0o600);
  try {
    state.tree.read(entry, (chunk) => {
      for (let done = 0; done < chunk.length; ) done += writeSync(fd, chunk, done);
    });
  } finally {
    closeSync(fd);
  }
  chmodSync(at, entry.mode & PLAIN_MODE & ~0o1000);
  setTime(at, entry, state);
  if (entry.linkGroup !== undefined) state.firstNames.set(entry.linkGroup, at);
  state.size += entry.size;
}

function removeWhatStands(at: Buffer): void {
  const there = statsOf(at);
  if (there === undefined) return;
  if (there.isDirectory()) rmSync(at, { recursive: true });
  else unlinkSync(at);
}

function statsOf(at: Buffer): Stats | undefined {
  return lstatSync(at, { throwIfNoEntry: false });
}

function setTime(at: Buffer, { mtimeSec, mtimeNsec }: TreeEntry, { epoch }: Writing): void {
  setMtime(at, epoch ?? mtimeSec, epoch === undefined ? mtimeNsec : 0);
}
