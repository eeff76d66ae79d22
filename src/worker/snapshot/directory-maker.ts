import { closeSync, existsSync, mkdirSync, openSync, readFileSync, readSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { DiffID, LayerStore } from '../../../cache/index.ts';
import type { Toc, TocEntry, TreeEntry } from '../../image/toc/index.ts';
import { makeBreather } from '../../util/breathe.ts';
import { displayPath, type RelPath } from '../../util/rel-path.ts';
import { assertIntact } from './damage.ts';
import type { LowerDir, LowerMaker, LowerRequest } from './lower.ts';
import { type Borrowed, borrow, type Needs, needsOf, skippedText, withParents } from './standing.ts';
import { TreeWriter, type TreeWriterOptions } from './tree-writer.ts';

export interface DirectoryMakerOptions extends TreeWriterOptions {
  readonly layers: LayerStore;
  readonly tempPath: (purpose: string) => string;
  /** `trusted.overlay.opaque`, or its form in a user namespace. */
  readonly opaqueXattr: string;
}

/** Unpacks a layer's tar, guided by its toc, into the layer's `fs`; a layer that borrows from those below into `fs-<name>`. */
export function directoryMaker(options: DirectoryMakerOptions): LowerMaker {
  const needs = new Map<DiffID, Needs>();
  const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim();
  return {
    name: 'directory',
    async make(request, { signal }) {
      const { diffID, toc } = request;
      const { layers, isSquashed } = options;
      if (!isSquashed && layers.hasFs(diffID)) return { path: layers.fsPath(diffID) };
      const needed = needs.get(diffID) ?? needsOf(toc);
      needs.set(diffID, needed);
      const standsAlone = needed.parents.length === 0 && needed.linked.length === 0;
      if (standsAlone && !isSquashed) return publish(request, { options, signal });
      if (request.below === undefined) return undefined;
      const borrowed = borrow(needed, request.below(), `${boot}${isSquashed ? ' squashed' : ''}`);
      return publishVariant(request, borrowed, { options, signal });
    },
  };
}

interface Work {
  readonly options: DirectoryMakerOptions;
  readonly signal: AbortSignal;
}

async function publish(request: LowerRequest, work: Work): Promise<LowerDir> {
  const { layers, tempPath } = work.options;
  assertIntact(layers, request.diffID);
  const temp = tempPath('lower');
  try {
    await unpack(request, { dir: temp, borrowed: undefined }, work);
    assertIntact(layers, request.diffID);
    layers.publishFs(request.diffID, temp);
  } finally {
    rmSync(temp, { recursive: true, force: true });
  }
  return { path: layers.fsPath(request.diffID) };
}

async function publishVariant(request: LowerRequest, borrowed: Borrowed, work: Work): Promise<LowerDir> {
  const { layers, tempPath } = work.options;
  const path = join(layers.dir(request.diffID), `fs-${borrowed.name}`);
  if (existsSync(path)) return { path };
  assertIntact(layers, request.diffID);
  const temp = tempPath('lower');
  try {
    await unpack(request, { dir: temp, borrowed }, work);
    assertIntact(layers, request.diffID);
    if (!existsSync(path)) renameSync(temp, path);
  } finally {
    rmSync(temp, { recursive: true, force: true });
  }
  return { path };
}

interface Place {
  readonly dir: string;
  readonly borrowed: Borrowed | undefined;
}

async function unpack({ toc, tarPath, below }: LowerRequest, { dir, borrowed }: Place, work: Work): Promise<void> {
  mkdirSync(dir, 0o755);
  const writer = new TreeWriter(dir, work.options);
  const tar = openSync(tarPath, 'r');
  const breathe = makeBreather(work.signal);
  const skipped: string[] = [];
  try {
    const links: TocEntry[] = [];
    for (const entry of withParents(toc, borrowed)) {
      await breathe();
      if (entry.type === 'hardlink' && entry.whiteout !== true) links.push(entry);
      else if (!addEntry(entry, writer, { tar, opaqueXattr: work.options.opaqueXattr })) skipped.push(entry.path);
    }
    const lent = new Map(borrowed?.linked.map((file) => [file.path, file]));
    const made = new Map<string, RelPath>();
    for (const entry of links) {
      await breathe();
      if (!addLink(entry, { toc, writer, made, lent, below })) skipped.push(entry.path);
    }
    writer.finish();
  } finally {
    closeSync(tar);
  }
  if (skipped.length > 0) work.options.warn(skippedText(skipped));
}

function addEntry(
  entry: TocEntry,
  writer: TreeWriter,
  { tar, opaqueXattr }: { tar: number; opaqueXattr: string },
): boolean {
  if (entry.whiteout === true) return writer.whiteout(entry.path);
  const isMade = writer.add(entry.path, entry, (sink) => readContent(tar, entry, sink));
  if (isMade && entry.opaque === true && entry.type === 'directory') writer.xattr(entry.path, opaqueXattr, YES);
  return isMade;
}

const YES = Buffer.from('y');

interface Linking {
  readonly toc: Toc;
  readonly writer: TreeWriter;
  /** Borrowed target → the name under which it was copied here. */
  readonly made: Map<string, RelPath>;
  /** Borrowed targets. */
  readonly lent: ReadonlyMap<string, TreeEntry>;
  readonly below: LowerRequest['below'];
}

/** As the toc's tree has it: a link to a link, to nothing or to a directory is not there. */
function addLink(entry: TocEntry, { toc, writer, made, lent, below }: Linking): boolean {
  const target = toc.lookup(entry.link);
  if (target !== undefined) {
    if (target.type === 'hardlink' || target.type === 'directory' || target.whiteout === true) return false;
    return writer.link(entry.path, target.path);
  }
  const copy = made.get(entry.link);
  if (copy !== undefined) return writer.link(entry.path, copy);
  const file = lent.get(entry.link);
  if (file === undefined || !writer.add(entry.path, file, (sink) => below?.().read(file, sink))) return false;
  made.set(entry.link, entry.path);
  return true;
}

const CHUNK = 1 << 20;
const shared = Buffer.allocUnsafe(CHUNK);

function readContent(tar: number, { path, offset, size }: TocEntry, sink: (chunk: Uint8Array) => void): void {
  for (let done = 0; done < size; ) {
    const count = readSync(tar, shared, 0, Math.min(CHUNK, size - done), offset + done);
    if (count === 0) throw new Error(`a layer's tar ends in the middle of ${displayPath(path)}`);
    sink(shared.subarray(0, count));
    done += count;
  }
}
