import { chmodSync, closeSync, linkSync, mkdirSync, openSync, symlinkSync, writeSync } from 'node:fs';
import { BuildError } from '../../errors.ts';
import { mknod, setMtime } from '../../host/sys/index.ts';
import { ArchiveError, type TarEntry } from '../../image/archive/index.ts';
import { displayPath, hostPath, parentOf, type RelPath, TOP } from '../../util/rel-path.ts';
import { type SpooledEntry, type SpooledTar, type SpoolOptions, spoolTar } from './spool-tar.ts';

/**
 * Unpacks a tar, compressed or not, into an empty directory: modes and times are kept, owners are not. Nothing is written
 * through a link: what lies below one is refused.
 * @throws BuildError context-invalid when it is no tar, or has entries below something that is no directory
 */
export async function unpackContext(
  source: AsyncIterable<Uint8Array>,
  { dir, ...options }: SpoolOptions & { readonly dir: string },
): Promise<void> {
  const tar = await read(source, { tempDir: dir, ...options });
  const files = finalFiles(tar.entries);
  options.signal.throwIfAborted();
  writeFiles(dir, files);
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

interface File {
  readonly entry: TarEntry;
  read(sink: (chunk: Uint8Array) => void): void;
}

/** What each name stands for once all entries were applied; hard links share their file. */
function finalFiles(entries: readonly SpooledEntry[]): Map<RelPath, File> {
  const files = new Map<RelPath, File>();
  for (const spooled of entries) {
    const { path, type, link } = spooled.entry;
    if (path === TOP) continue;
    addParents(files, path);
    const linked = type === 'hardlink' ? files.get(link as RelPath) : spooled;
    if (linked === undefined || (linked.entry.type === 'directory') !== (type === 'directory'))
      throw refused(path, `is a link to ${displayPath(link)}, which is no file`);
    if (type !== 'directory' || files.get(path)?.entry.type !== 'directory') removeBelow(files, path);
    files.set(path, linked);
  }
  return files;
}

function addParents(files: Map<RelPath, File>, path: RelPath): void {
  const parent = parentOf(path);
  if (parent === TOP) return;
  const there = files.get(parent);
  if (there?.entry.type === 'directory') return;
  if (there !== undefined) throw refused(path, `lies below ${displayPath(parent)}, which is no directory`);
  addParents(files, parent);
  files.set(parent, { entry: impliedDirectory(parent), read: () => undefined });
}

function removeBelow(files: Map<RelPath, File>, path: RelPath): void {
  if (files.get(path)?.entry.type !== 'directory') return;
  for (const other of [...files.keys()]) if (other.startsWith(`${path}/`)) files.delete(other);
}

function writeFiles(dir: string, files: ReadonlyMap<RelPath, File>): void {
  const sorted = [...files].sort(([a], [b]) => (a < b ? -1 : 1));
  const made = new Map<File, Buffer>();
  for (const [path, file] of sorted)
    if (file.entry.type === 'directory') mkdirSync(hostPath(dir, path), { mode: 0o700 });
  for (const [path, file] of sorted) {
    if (file.entry.type === 'directory') continue;
    const host = hostPath(dir, path);
    const first = made.get(file);
    if (first !== undefined) linkSync(first, host);
    else makeFile(host, file);
    made.set(file, first ?? host);
  }
  for (const [path, { entry }] of sorted.reverse()) {
    const host = hostPath(dir, path);
    if (entry.type !== 'symlink') chmodSync(host, entry.mode);
    setMtime(host, entry.mtimeSec, entry.mtimeNsec);
  }
}

function makeFile(host: Buffer, file: File): void {
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

function impliedDirectory(path: RelPath): TarEntry {
  return {
    path,
    type: 'directory',
    mode: 0o755,
    uid: 0,
    gid: 0,
    size: 0,
    mtimeSec: 0,
    mtimeNsec: 0,
    link: '',
    devMajor: 0,
    devMinor: 0,
    xattrs: new Map(),
  };
}

function refused(path: RelPath, why: string): BuildError {
  return new BuildError('context-invalid', `the tar of the build context: ${displayPath(path)} ${why}`, {
    hint: HOW_TO,
  });
}
