import { closeSync, createReadStream, openSync, rmSync, writeSync } from 'node:fs';
import { setImmediate as breathe } from 'node:timers/promises';
import { makeTarWriter, type TarEntry } from '../image/archive/index.ts';
import type { Tree, TreeEntry } from '../image/toc/index.ts';
import { joinRel, type RelPath, TOP } from '../util/rel-path.ts';

export interface RootfsTarOptions {
  /** A new host path to gather the tar in. */
  readonly tempPath: string;
  /** Dates all files when given, in seconds. */
  readonly epoch?: number | undefined;
  readonly signal: AbortSignal;
}

/**
 * A tree's files as one tar: parents before children, names in byte order, ids, modes, xattrs and devices kept. Reading a tree is
 * synchronous, so it is gathered in a file first: memory stays small whatever the files' sizes.
 */
export async function* rootfsTar(
  tree: Tree,
  { tempPath, epoch, signal }: RootfsTarOptions,
): AsyncGenerator<Uint8Array> {
  try {
    await gather(tree, { tempPath, epoch, signal });
    yield* createReadStream(tempPath, { highWaterMark: CHUNK });
  } finally {
    rmSync(tempPath, { force: true });
  }
}

const CHUNK = 1024 * 1024;
const ENTRIES_A_BREATH = 500;

async function gather(tree: Tree, { tempPath, epoch, signal }: RootfsTarOptions): Promise<void> {
  const fd = openSync(tempPath, 'wx', 0o600);
  try {
    const writer = makeTarWriter((chunk) => {
      for (let done = 0; done < chunk.length; ) done += writeSync(fd, chunk, done);
    });
    const firstNames = new Map<string, RelPath>();
    let count = 0;
    for (const entry of walk(tree, TOP)) {
      if (++count % ENTRIES_A_BREATH === 0) await breathe();
      signal.throwIfAborted();
      const written = tarEntry(entry, { firstNames, epoch });
      writer.entry(written);
      if (written.type === 'file') tree.read(entry, (chunk) => writer.content(chunk));
    }
    writer.end();
  } finally {
    closeSync(fd);
  }
}

function* walk(tree: Tree, dir: RelPath): Generator<TreeEntry> {
  for (const name of tree.list(dir)) {
    const entry = tree.lookup(joinRel(dir, name));
    if (entry === undefined) continue;
    yield entry;
    if (entry.type === 'directory') yield* walk(tree, entry.path);
  }
}

interface Known {
  /** Hard-link group → its name that was written as a file. */
  readonly firstNames: Map<string, RelPath>;
  readonly epoch: number | undefined;
}

function tarEntry({ linkGroup, ...entry }: TreeEntry, { firstNames, epoch }: Known): TarEntry {
  const dated = epoch === undefined ? entry : { ...entry, mtimeSec: epoch, mtimeNsec: 0 };
  const first = linkGroup === undefined ? undefined : firstNames.get(linkGroup);
  if (first !== undefined) return { ...dated, type: 'hardlink', link: first, size: 0 };
  if (linkGroup !== undefined) firstNames.set(linkGroup, entry.path);
  return dated;
}
