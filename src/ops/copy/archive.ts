import { createHash } from 'node:crypto';
import { type Digest, digestOfHash } from '../../../cache/index.ts';
import { BuildError } from '../../errors.ts';
import { ArchiveError } from '../../image/archive/index.ts';
import type { Tree, TreeEntry } from '../../image/toc/index.ts';
import { isTarHead, Spool, type SpooledEntry, spoolTar, type TarFilter } from '../../sources/context/index.ts';
import { displayPath } from '../../util/rel-path.ts';

export type Filter = TarFilter;

export interface UnpackedArchive {
  readonly entries: Iterable<SpooledEntry>;
  /** Of the archive's own bytes, as they were read. */
  readonly digest: Digest;
}

export interface ArchiveOptions {
  readonly signal: AbortSignal;
  readonly filter: Filter;
  readonly tempDir?: string;
  /** Of an archive, uncompressed; what the disk has room for when absent. */
  readonly maxBytes?: number;
}

/** Most that a compressor needs to give its first block: bzip2's are of 900 kB. */
const HEAD_BYTES = 2 << 20;

const recognised = new WeakMap<Tree, Map<string, Promise<boolean>>>();
const unpacked = new WeakMap<Tree, Map<string, Promise<UnpackedArchive>>>();

/**
 * ADD's test, by content: it decompresses (as gzip, bzip2, xz or zstd, or is plain) and begins with a tar header. An empty
 * file is none. Asked once a file and tree.
 */
export function isArchive(tree: Tree, entry: TreeEntry, options: ArchiveOptions): Promise<boolean> {
  return remembered(recognised, tree, {
    path: entry.path,
    make: () => isTarHead(headOf(tree, entry, HEAD_BYTES), options),
  });
}

/** The archive's entries, their content spooled so that it can be read in any order; once a file and tree. */
export function unpackArchive(tree: Tree, entry: TreeEntry, options: ArchiveOptions): Promise<UnpackedArchive> {
  return remembered(unpacked, tree, { path: entry.path, make: () => unpack(tree, entry, options) });
}

function remembered<T>(
  memo: WeakMap<Tree, Map<string, Promise<T>>>,
  tree: Tree,
  { path, make }: { readonly path: string; readonly make: () => Promise<T> },
): Promise<T> {
  const ofTree = memo.get(tree) ?? new Map<string, Promise<T>>();
  memo.set(tree, ofTree);
  let made = ofTree.get(path);
  if (made === undefined) {
    made = make();
    ofTree.set(path, made);
    made.catch(() => ofTree.delete(path));
  }
  return made;
}

class Enough extends Error {}

/** The first bytes of a file. */
function headOf(tree: Tree, entry: TreeEntry, limit: number): Uint8Array {
  const chunks: Uint8Array[] = [];
  let left = limit;
  try {
    tree.read(entry, (chunk) => {
      chunks.push(Uint8Array.from(chunk.subarray(0, left)));
      left -= chunk.length;
      if (left <= 0) throw new Enough();
    });
  } catch (error) {
    if (!(error instanceof Enough)) throw error;
  }
  return Buffer.concat(chunks);
}

async function unpack(tree: Tree, entry: TreeEntry, options: ArchiveOptions): Promise<UnpackedArchive> {
  using packed = new Spool(options.tempDir);
  const hash = createHash('sha256');
  tree.read(entry, (chunk) => {
    hash.update(chunk);
    packed.append(chunk);
  });
  try {
    const entries = await spoolTar(pulled(packed), options);
    return { entries, digest: digestOfHash(hash) };
  } catch (error) {
    if (!(error instanceof ArchiveError)) throw error;
    throw new BuildError('layer-refused', `ADD cannot unpack ${displayPath(entry.path)}: ${error.message}`, {
      cause: error,
      hint: 'make the archive anew, or copy it as it is with --unpack=false',
    });
  }
}

/** A tree pushes and a decompressor pulls; what is in between is spooled. */
async function* pulled(packed: Spool): AsyncIterable<Uint8Array> {
  yield* packed.chunks();
}
