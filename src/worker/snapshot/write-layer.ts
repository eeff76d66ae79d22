import { closeSync, constants, openSync, readSync } from 'node:fs';
import { BuildError } from '../../errors.ts';
import { ArchiveError, type TarEntry } from '../../image/archive/index.ts';
import { type LayerWriter, openLayerWriter, type WrittenLayerFiles } from '../../image/layer/index.ts';
import { displayPath, hostPath, type RelPath } from '../../util/rel-path.ts';
import type { UpperChange } from './walk-upper.ts';

/** Sees what goes into a layer, while it is written. */
export interface LayerWatch {
  /** @returns what takes the bytes of a file; undefined when they are not looked at */
  entry(entry: TarEntry): ((chunk: Uint8Array) => void) | undefined;
  /** All was seen. What it throws makes that there is no layer. */
  end(): void;
}

export interface WriteLayerOptions {
  /** Where the changed files lie. */
  readonly dir: string;
  /** In the order of a layer's tar. */
  readonly changes: readonly UpperChange[];
  readonly breathe: () => Promise<void> | undefined;
  readonly watch?: LayerWatch | undefined;
  readonly files: { readonly tarPath: string; readonly tocPath: string };
}

/** Changes as a layer; neither file is left after an error. The top itself is none: no engine would obey it. */
export async function writeLayer(options: WriteLayerOptions): Promise<WrittenLayerFiles> {
  const { changes } = options;
  const writer = openLayerWriter(options.files);
  try {
    const groups = linkGroups(changes);
    for (const change of changes) {
      await options.breathe();
      if (change.kind === 'whiteout') writer.whiteout(change.path);
      else addEntry(change, { writer, groups, dir: options.dir, watch: options.watch });
    }
    options.watch?.end();
    return writer.finish();
  } catch (error) {
    writer.abort();
    if (!(error instanceof ArchiveError)) throw error;
    throw new BuildError('layer-refused', `this RUN's changes do not fit in a layer: ${error.message}`, {
      cause: error,
    });
  }
}

export interface ChangeLimits extends Pick<WriteLayerOptions, 'dir' | 'breathe' | 'watch'> {
  readonly maxBytes: number;
  readonly maxEntries: number;
}

/** Bytes of changed files; or what there is too much of. What is watched for is looked for, as in a layer. */
export async function sizeOfChanges(
  changes: readonly UpperChange[],
  { dir, breathe, watch, maxBytes, maxEntries }: ChangeLimits,
): Promise<number | string> {
  let sizeBytes = 0;
  const entries = changes.flatMap((change) => (change.kind === 'entry' ? [change.entry] : []));
  for (const { size } of entries) sizeBytes += size;
  if (entries.length > maxEntries) return `more than ${maxEntries} files`;
  if (sizeBytes > maxBytes) return `more than ${maxBytes / MIB} MiB`;
  if (watch === undefined) return sizeBytes;
  for (const entry of entries) {
    await breathe();
    const look = watch.entry(entry);
    if (entry.type === 'file' && look !== undefined) readFile(hostPath(dir, entry.path), entry, look);
  }
  watch.end();
  return sizeBytes;
}

const MIB = 1024 * 1024;

interface Writing {
  readonly writer: LayerWriter;
  readonly groups: ReadonlyMap<string, RelPath>;
  readonly dir: string;
  readonly watch: LayerWatch | undefined;
}

function addEntry(change: Extract<UpperChange, { kind: 'entry' }>, { writer, groups, dir, watch }: Writing): void {
  const { entry, inode, isOpaque } = change;
  const look = watch?.entry(entry);
  const first = inode === undefined ? undefined : groups.get(inode);
  if (first !== undefined && first !== entry.path) {
    writer.add(
      { ...entry, type: 'hardlink', size: 0, link: first, devMajor: 0, devMinor: 0, xattrs: new Map() },
      undefined,
      {
        linkGroup: first,
      },
    );
    return;
  }
  const info = first === undefined ? {} : { linkGroup: first };
  writer.add(
    entry,
    entry.type === 'file'
      ? (sink) => readFile(hostPath(dir, entry.path), entry, look === undefined ? sink : both(look, sink))
      : undefined,
    info,
  );
  if (isOpaque) writer.opaque(entry.path);
}

/** Inode → the first name of it; of inodes with one name in the upper none. */
function linkGroups(changes: readonly UpperChange[]): Map<string, RelPath> {
  const first = new Map<string, RelPath>();
  const shared = new Set<string>();
  for (const change of changes) {
    if (change.kind === 'whiteout' || change.inode === undefined) continue;
    if (first.has(change.inode)) shared.add(change.inode);
    else first.set(change.inode, change.entry.path);
  }
  return new Map([...first].filter(([inode]) => shared.has(inode)));
}

type Sink = (chunk: Uint8Array) => void;

function both(first: Sink, second: Sink): Sink {
  return (chunk) => {
    first(chunk);
    second(chunk);
  };
}

const CHUNK = 1 << 20;
const buffer = Buffer.allocUnsafe(CHUNK);

function readFile(at: Buffer, entry: TarEntry, sink: Sink): void {
  const fd = openSync(at, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    for (let left = entry.size; left > 0; ) {
      const count = readSync(fd, buffer, 0, Math.min(CHUNK, left), null);
      if (count === 0) throw new Error(`${displayPath(entry.path)} became shorter while it was read`);
      left -= count;
      sink(buffer.subarray(0, count));
    }
  } finally {
    closeSync(fd);
  }
}
