import { createHash } from 'node:crypto';
import { createReadStream, existsSync, renameSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import { digestOf } from '../digest.ts';
import { namesIn, publishBytes, readIfThere, type TempPath } from '../files.ts';
import { gateOf, heldIDs } from '../holds.ts';
import { parseMeta } from '../layers/meta.ts';
import { metadataImages } from '../layers/metadata-images.ts';
import type { Locks } from '../locks.ts';
import { parseLines } from '../records/lines.ts';
import { readRecords, renderRecords } from '../records/list.ts';
import { removeTree } from '../remove-tree.ts';

/** Something in a root that is not what its name says. */
export interface Damage {
  readonly kind: 'layer' | 'blob' | 'record' | 'metadata-image' | 'report' | 'memo' | 'image';
  /** Below the root. */
  readonly path: string;
  readonly what: string;
  /** Removed; what a running build holds stays, and so does everything in a dry run. */
  readonly isMended: boolean;
}

export interface CheckedRoot {
  /** How many of each were looked at. */
  readonly counts: { readonly [kind in Damage['kind']]: number };
  readonly damages: readonly Damage[];
}

export interface CheckDeps {
  readonly rootDir: string;
  readonly locks: Locks;
  readonly tempPath: TempPath;
  readonly isDryRun: boolean;
  readonly signal: AbortSignal;
}

type Found = Omit<Damage, 'isMended'> & {
  /** What a running build calls it. */
  readonly id: string;
  /** Instead of removing it. */
  readonly mend?: () => void;
};

/** Reads everything, and removes what is not what its name says: from then on it is as if it had never been. */
export async function checkRoot(deps: CheckDeps): Promise<CheckedRoot> {
  const counts = { layer: 0, blob: 0, record: 0, 'metadata-image': 0, report: 0, memo: 0, image: 0 };
  const damages: Damage[] = [];
  for (const look of [layers, blobs, records, memos, reports]) {
    for await (const found of look(deps, counts)) damages.push(await mended(found, deps));
  }
  return { counts, damages };
}

type Counts = { [kind in Damage['kind']]: number };

async function* layers({ rootDir, signal }: CheckDeps, counts: Counts): AsyncIterable<Found> {
  for (const hex of namesIn(join(rootDir, 'layers/v1'))) {
    signal.throwIfAborted();
    const path = `layers/v1/${hex}`;
    const dir = join(rootDir, path);
    const meta = readIfThere(join(dir, 'meta'));
    // Without its meta a layer is not here: it is on its way, or what a killed build has left.
    if (meta === undefined) continue;
    counts.layer += 1;
    const what = await layerDamage(dir, meta, hex);
    if (what !== undefined) {
      if (existsSync(join(dir, 'meta'))) yield { kind: 'layer', path, what, id: `sha256:${hex}` };
      continue;
    }
    for (const image of metadataImages(dir)) {
      counts['metadata-image'] += 1;
      const at = `${path}/${basename(image.path)}`;
      if (!image.isWhole) yield { kind: 'metadata-image', path: at, what: 'is not whole', id: `sha256:${hex}` };
    }
  }
}

async function layerDamage(dir: string, bytes: Buffer, hex: string): Promise<string | undefined> {
  const meta = parseMeta(bytes);
  if (meta === undefined) return 'its description cannot be understood';
  const toc = readIfThere(join(dir, 'toc'));
  if (toc === undefined) return 'its table of contents is missing';
  if (digestOf(toc) !== meta.toc) return 'its table of contents is not the one that was written';
  const tar = await hexOfFile(join(dir, 'tar'));
  if (tar === undefined) return 'its tar is missing';
  return tar === hex ? undefined : 'its tar has another digest';
}

async function* blobs({ rootDir, signal }: CheckDeps, counts: Counts): AsyncIterable<Found> {
  for (const path of shardedFiles(rootDir, 'content/v1/sha256')) {
    signal.throwIfAborted();
    const hex = basename(path);
    const found = await hexOfFile(join(rootDir, path));
    if (found === undefined) continue;
    counts.blob += 1;
    if (found !== hex) yield { kind: 'blob', path, what: 'it has another digest', id: `sha256:${hex}` };
  }
}

async function* records({ rootDir, tempPath, signal }: CheckDeps, counts: Counts): AsyncIterable<Found> {
  for (const path of shardedFiles(rootDir, 'records/v1')) {
    signal.throwIfAborted();
    const [file, hex] = [join(rootDir, path), basename(path)];
    let read = readRecords(file, hex);
    // Somebody may have been writing it.
    if (read.isDamaged) read = readRecords(file, hex);
    counts.record += read.records.length;
    if (!read.isDamaged) continue;
    const keep = (): void => publishBytes(file, renderRecords(read.records), tempPath);
    const mend = read.records.length === 0 ? {} : { mend: keep };
    yield { kind: 'record', path, what: 'a line of it is torn or not a record', id: `sha256:${hex}`, ...mend };
  }
}

async function* memos({ rootDir }: CheckDeps, counts: Counts): AsyncIterable<Found> {
  for (const path of shardedFiles(rootDir, 'records/v1/memo')) {
    const content = readIfThere(join(rootDir, path))?.toString('utf8');
    if (content === undefined) continue;
    counts.memo += 1;
    const { texts, isDamaged } = parseLines(content);
    if (isDamaged || texts.length === 0) yield { kind: 'memo', path, what: 'it is torn', id: path };
  }
}

async function* reports({ rootDir }: CheckDeps, counts: Counts): AsyncIterable<Found> {
  for (const [kind, dir] of [
    ['report', 'builds'],
    ['image', 'images'],
  ] as const) {
    for (const name of namesIn(join(rootDir, dir))) {
      if (!name.endsWith('.json')) continue;
      const path = `${dir}/${name}`;
      const text = readIfThere(join(rootDir, path))?.toString('utf8');
      if (text === undefined) continue;
      counts[kind] += 1;
      if (!isJsonObject(text)) yield { kind, path, what: 'it is no JSON', id: path };
    }
  }
}

/** While no build can begin to hold it. */
async function mended(
  { id, mend, ...damage }: Found,
  { rootDir, locks, tempPath, isDryRun, signal }: CheckDeps,
): Promise<Damage> {
  if (isDryRun) return { ...damage, isMended: false };
  const gate = await locks.lock(gateOf(rootDir), 'exclusive', { signal });
  const trash = tempPath('damaged');
  try {
    if (heldIDs(rootDir).has(id)) return { ...damage, isMended: false };
    const path = join(rootDir, damage.path);
    // Without its meta a layer is not here any more, even if the rest should stay.
    if (damage.kind === 'layer') rmSync(join(path, 'meta'), { force: true });
    if (mend === undefined) renameSync(path, trash);
    else mend();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  } finally {
    gate.release();
  }
  await removeTree(trash).catch(() => undefined);
  return { ...damage, isMended: true };
}

function* shardedFiles(rootDir: string, dir: string): Iterable<string> {
  for (const shard of namesIn(join(rootDir, dir))) {
    if (!/^[0-9a-f]{2}$/.test(shard)) continue;
    for (const hex of namesIn(join(rootDir, dir, shard)))
      if (/^[0-9a-f]{64}$/.test(hex)) yield `${dir}/${shard}/${hex}`;
  }
}

function isJsonObject(text: string): boolean {
  try {
    const value = JSON.parse(text) as unknown;
    return typeof value === 'object' && value !== null;
  } catch {
    return false;
  }
}

async function hexOfFile(path: string): Promise<string | undefined> {
  const hash = createHash('sha256');
  try {
    for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 })) hash.update(chunk as Uint8Array);
    return hash.digest('hex');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
