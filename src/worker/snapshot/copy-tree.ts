import { type BigIntStats, lstatSync, mkdirSync } from 'node:fs';
import type { StackTree, TreeEntry } from '../../image/toc/index.ts';
import { hostPath, joinRel, type RelPath, TOP } from '../../util/rel-path.ts';
import { impliedDirectory } from './standing.ts';
import { type PlannedStub, stubEntry } from './stubs.ts';
import { TreeWriter, type TreeWriterOptions } from './tree-writer.ts';

/** A file as it was when the copy was made. */
export interface Copied {
  readonly ino: bigint;
  /** Tells a new file that was given the number of a removed one. */
  readonly birthNs: bigint;
  /** Moves with every change of content, attributes and links. */
  readonly ctimeNs: bigint;
}

export interface CopiedTree {
  readonly dir: string;
  /** Everything that was made, stubs too. */
  readonly files: ReadonlyMap<RelPath, Copied>;
}

export interface CopyOptions {
  /** A new name. */
  readonly dir: string;
  readonly stubs: readonly PlannedStub[];
  readonly writer: TreeWriterOptions;
  readonly breathe: () => Promise<void> | undefined;
}

/**
 * Writes a whole tree into a directory, with stubs for what will be mounted on it. Names of one inode become files of their own: what is
 * written under one name is to leave the others as they were, as it does in an overlay.
 */
export async function copyTree(
  tree: StackTree,
  { dir, stubs, writer: options, breathe }: CopyOptions,
): Promise<CopiedTree> {
  mkdirSync(dir, 0o700);
  const writer = new TreeWriter(dir, options);
  const made: RelPath[] = [];
  for (const entry of walk(tree)) {
    await breathe();
    writer.add(entry.path, entry, (sink) => tree.read(entry, sink));
    made.push(entry.path);
  }
  for (const stub of stubs) {
    writer.add(stub.path, stubEntry(stub));
    made.push(stub.path);
  }
  writer.finish();
  return { dir, files: await lookAt(dir, made, breathe) };
}

/** Parents first. */
function* walk(tree: StackTree): Iterable<TreeEntry> {
  const waiting: TreeEntry[] = [tree.lookup(TOP) ?? impliedDirectory(TOP)];
  for (let entry = waiting.pop(); entry !== undefined; entry = waiting.pop()) {
    yield entry;
    if (entry.type !== 'directory') continue;
    for (const name of [...tree.list(entry.path)].reverse()) {
      const child = tree.lookup(joinRel(entry.path, name));
      if (child !== undefined) waiting.push(child);
    }
  }
}

/** Devices that cannot be made in a user namespace are not there, and were not removed either. */
async function lookAt(dir: string, made: readonly RelPath[], breathe: CopyOptions['breathe']) {
  const files = new Map<RelPath, Copied>();
  for (const path of made) {
    await breathe();
    const stat = lstatSync(hostPath(dir, path), { bigint: true, throwIfNoEntry: false });
    if (stat !== undefined) files.set(path, copiedOf(stat));
  }
  return files;
}

export function copiedOf({ ino, birthtimeNs, ctimeNs }: BigIntStats): Copied {
  return { ino, birthNs: birthtimeNs, ctimeNs };
}
