import { chmodSync, closeSync, linkSync, mkdirSync, openSync, symlinkSync, writeSync } from 'node:fs';
import { BuildError } from '../../errors.ts';
import { mknod, setMtime } from '../../host/sys/index.ts';
import { ArchiveError, BARE, IMPLIED_DIRECTORY, type TarEntry } from '../../image/archive/index.ts';
import { NO_NODE, TooManyNames } from '../../image/toc/index.ts';
import { hostPath, type RelPath } from '../../util/rel-path.ts';
import type { Attributes } from './context-options.ts';
import { ContextTree, EntryRefused } from './context-tree.ts';
import { type SpooledEntry, type SpooledTar, type SpoolOptions, spoolTar } from './spool-tar.ts';

/**
 * Unpacks a tar, compressed or not, into an empty directory. Nothing is written through a link: what lies below one is refused.
 * @returns what the files cannot tell, for who opens the directory: owners and capabilities; undefined when all are root's and have none
 * @throws BuildError context-invalid when it is no tar, or has entries below something that is no directory
 */
export async function unpackContext(
  source: AsyncIterable<Uint8Array>,
  { dir, ...options }: SpoolOptions & { readonly dir: string },
): Promise<((path: RelPath) => Attributes) | undefined> {
  using tar = await read(source, { tempDir: dir, ...options });
  const tree = applied(tar);
  options.signal.throwIfAborted();
  const kept = new KeptAttributes(tree.size);
  writeFiles(dir, tree, { entryCount: tar.size, kept });
  return kept.areRoots ? undefined : (path) => kept.of(tree.node(path));
}

/** Whose the nodes of a tree are, and what they may. */
class KeptAttributes {
  readonly #uids: Uint32Array;
  readonly #gids: Uint32Array;
  readonly #xattrs = new Map<number, TarEntry['xattrs']>();
  areRoots = true;

  constructor(size: number) {
    this.#uids = new Uint32Array(size);
    this.#gids = new Uint32Array(size);
  }

  keep(node: number, { uid, gid, xattrs }: Attributes): void {
    this.#uids[node] = uid;
    this.#gids[node] = gid;
    if (xattrs.size > 0) this.#xattrs.set(node, xattrs);
    this.areRoots &&= uid === 0 && gid === 0 && xattrs.size === 0;
  }

  of(node: number): Attributes {
    if (node === NO_NODE) throw new Error('no file of this archive');
    return { uid: this.#uids[node] ?? 0, gid: this.#gids[node] ?? 0, xattrs: this.#xattrs.get(node) ?? BARE.xattrs };
  }
}

async function read(source: AsyncIterable<Uint8Array>, options: SpoolOptions): Promise<SpooledTar> {
  try {
    return await spoolTar(source, options);
  } catch (error) {
    if (!(error instanceof ArchiveError)) throw error;
    throw new BuildError('context-invalid', `the build context on standard input: ${error.message}`, {
      cause: error,
      hint: HOW_TO,
    });
  }
}

const HOW_TO = 'make the tar of a directory as it is, as in: tar -C DIR -c . | tsbuild -';

/** @throws BuildError context-invalid */
function applied(tar: SpooledTar): ContextTree {
  try {
    return new ContextTree(tar);
  } catch (error) {
    if (!(error instanceof EntryRefused || error instanceof TooManyNames)) throw error;
    throw new BuildError('context-invalid', `the tar of the build context: ${error.message}`, {
      cause: error,
      hint: HOW_TO,
    });
  }
}

interface Writing {
  readonly entryCount: number;
  readonly kept: KeptAttributes;
}

function writeFiles(dir: string, tree: ContextTree, { entryCount, kept }: Writing): void {
  const nodes = tree.nodes();
  const hostOf = (node: number) => hostPath(dir, tree.path(node));
  for (const node of nodes) if (tree.isDirectory(node)) mkdirSync(hostOf(node), { mode: 0o700 });
  writeContents(tree, { nodes, hostOf, entryCount });
  for (const node of nodes.reverse()) {
    const dated = tree.entry(node)?.entry;
    const entry = dated ?? IMPLIED_DIRECTORY;
    const host = hostOf(node);
    kept.keep(node, entry);
    if (entry.type !== 'symlink') chmodSync(host, entry.mode);
    if (dated !== undefined) setMtime(host, dated.mtimeSec, dated.mtimeNsec);
  }
}

/** All but directories: the first name of each entry is the file, the others are links to it. */
function writeContents(
  tree: ContextTree,
  {
    nodes,
    hostOf,
    entryCount,
  }: { readonly nodes: Uint32Array; readonly hostOf: (node: number) => Buffer; readonly entryCount: number },
): void {
  const made = new Uint32Array(entryCount);
  for (const node of nodes) {
    const number = tree.entryNumber(node);
    const spooled = tree.isDirectory(node) ? undefined : tree.entry(node);
    if (number === undefined || spooled === undefined) continue;
    const first = made[number] ?? 0;
    if (first !== 0) linkSync(hostOf(first), hostOf(node));
    else makeFile(hostOf(node), spooled);
    made[number] = first === 0 ? node : first;
  }
}

function makeFile(host: Buffer, file: SpooledEntry): void {
  const { entry } = file;
  if (entry.type === 'symlink') {
    symlinkSync(Buffer.from(entry.link, 'latin1'), host);
    return;
  }
  if (entry.type === 'character' || entry.type === 'block' || entry.type === 'fifo') {
    mknod(host, entry.type, 0o600, entry.devMajor, entry.devMinor);
    return;
  }
  const fd = openSync(host, 'wx', 0o600);
  try {
    file.read((chunk) => {
      for (let written = 0; written < chunk.length; ) written += writeSync(fd, chunk, written);
    });
  } finally {
    closeSync(fd);
  }
}
