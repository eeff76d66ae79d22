import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { namesIn } from '../files.ts';
import type { SpaceItem, SpaceKind } from './item.ts';
import { type Meter, openMeter } from './meter.ts';

/** Everything in a root, with its bytes on disk; their sum is what `du` says of the root. */
export interface Survey {
  readonly items: readonly SpaceItem[];
  readonly bytes: number;
  /** Directories that only the worker can read: what they hold was not counted. */
  readonly unreadable: readonly string[];
}

/**
 * Reads names and stats. What comes and goes meanwhile is counted or not. With `remembers`, what was measured below an unpacked layer,
 * which never changes, is written down beside it and believed the next time: a walk through it costs 10 µs a file.
 */
export function surveyRoot(rootDir: string, { remembers = false }: { remembers?: boolean } = {}): Survey {
  const meter = openMeter();
  const place = { rootDir, meter, remembers };
  const items = [
    ...layerItems(place),
    ...filesBelow(place, { dir: 'content/v1/sha256', type: 'blob', kind: 'blobs' }),
    ...filesBelow(place, { dir: 'records/v1', type: 'record', kind: 'records' }),
    ...cacheMountItems(place),
    ...childItems(place, { dir: 'git', type: 'context', kind: 'contexts' }),
    ...childItems(place, { dir: 'contexts', type: 'context', kind: 'contexts' }),
    ...childItems(place, { dir: 'failed', type: 'failure', kind: 'failures' }),
    ...childItems(place, { dir: 'builds', type: 'report', kind: 'reports' }),
    ...childItems(place, { dir: 'logs', type: 'report', kind: 'reports' }),
    ...childItems(place, { dir: 'stat', type: 'fixed', kind: 'stat-index' }),
  ];
  const counted = new Set(['layers', 'content', 'records', 'mounts', 'git', 'contexts', 'failed', 'builds', 'logs']);
  for (const name of namesIn(rootDir))
    if (name !== 'stat' && !counted.has(name)) items.push(itemAt(place, name, { type: 'fixed', kind: 'other' }));
  items.push(fixed('.', 'other', meter.bytesOf(rootDir)));
  return { items, bytes: items.reduce((sum, item) => sum + item.bytes, 0), unreadable: meter.unreadable };
}

interface Place {
  readonly rootDir: string;
  readonly meter: Meter;
  readonly remembers: boolean;
}

interface Sort {
  readonly type: SpaceItem['type'];
  readonly kind: SpaceKind;
}

const HEX = /^[0-9a-f]{64}$/;

function layerItems(place: Place): SpaceItem[] {
  const dir = 'layers/v1';
  const items = frames(place, ['layers', dir], 'layers');
  for (const name of namesIn(join(place.rootDir, dir))) {
    if (!HEX.test(name)) {
      items.push(itemAt(place, join(dir, name), { type: 'fixed', kind: 'layers' }));
      continue;
    }
    const path = join(dir, name);
    const parts = layerParts(place, path);
    const bytes = parts.tars + parts['metadata-images'] + parts.layers;
    items.push({
      ...{ type: 'layer', id: `sha256:${name}`, path, bytes, parts },
      lastUsedAt: usedAt(place, join(path, 'meta'), path),
    });
  }
  return items;
}

const PART_OF: { readonly [name: string]: 'tars' | 'metadata-images' } = { tar: 'tars', erofs: 'metadata-images' };

function layerParts({ rootDir, meter, remembers }: Place, path: string) {
  const dir = join(rootDir, path);
  const fsBytes = remembers ? rememberedBytes(dir, meter) : undefined;
  const parts = { tars: 0, 'metadata-images': 0, layers: meter.bytesOf(dir) };
  for (const name of namesIn(dir))
    parts[PART_OF[name] ?? 'layers'] +=
      name === 'fs' && fsBytes !== undefined ? fsBytes : meter.bytesBelow(join(dir, name));
  return parts;
}

/** Of the unpacked layer; undefined when it has none, or nothing can be written down. */
function rememberedBytes(layerDir: string, meter: Meter): number | undefined {
  const stat = statSync(join(layerDir, 'fs'), { bigint: true, throwIfNoEntry: false });
  if (stat === undefined) return undefined;
  const stamp = `${stat.ino} ${stat.ctimeNs}`;
  const file = join(layerDir, 'fs-bytes');
  const [ino, ctime, bytes] = (textOf(file) ?? '').split(' ');
  if (`${ino} ${ctime}` === stamp && /^\d+$/.test(bytes ?? '')) return Number(bytes);
  const measured = meter.bytesBelow(join(layerDir, 'fs'));
  try {
    writeFileSync(file, `${stamp} ${measured}`, { mode: 0o600 });
  } catch {
    // Then it is measured again.
  }
  return measured;
}

/** content/… and records/…: two levels of directories, with one file an item. */
function filesBelow(place: Place, { dir, type, kind }: Sort & { dir: string }): SpaceItem[] {
  const [top = ''] = dir.split('/');
  const items = frames(place, parents(dir), kind);
  for (const shard of namesIn(join(place.rootDir, dir))) {
    const path = join(dir, shard);
    if (!/^[0-9a-f]{2}$/.test(shard)) {
      items.push({ ...itemAt(place, path, { type: 'fixed', kind }), id: `${top}/${shard}` });
      continue;
    }
    items.push(fixed(path, kind, place.meter.bytesOf(join(place.rootDir, path))));
    for (const name of namesIn(join(place.rootDir, path))) {
      const item = itemAt(place, join(path, name), { type: HEX.test(name) ? type : 'fixed', kind });
      items.push({ ...item, id: `sha256:${name}` });
    }
  }
  return items;
}

/** mounts/<digest>/<n>, and the name and the locks beside it. */
function cacheMountItems(place: Place): SpaceItem[] {
  const kind = 'cache-mounts';
  const items = frames(place, ['mounts'], kind);
  for (const digest of namesIn(join(place.rootDir, 'mounts'))) {
    const dir = join('mounts', digest);
    const name = textOf(join(place.rootDir, dir, 'name')) ?? digest;
    items.push(fixed(dir, kind, place.meter.bytesOf(join(place.rootDir, dir))));
    for (const one of namesIn(join(place.rootDir, dir))) {
      const isMount = /^\d+$/.test(one);
      const item = itemAt(place, join(dir, one), { type: isMount ? 'cache-mount' : 'fixed', kind });
      items.push({ ...item, id: name, lastUsedAt: usedAt(place, join(dir, `${one}.lock`), item.path) });
    }
  }
  return items;
}

/** What lies in a directory, each an item. */
function childItems(place: Place, { dir, ...sort }: Sort & { dir: string }): SpaceItem[] {
  const names = namesIn(join(place.rootDir, dir));
  const items = names.map((name) =>
    itemAt(place, join(dir, name), name.endsWith('.lock') ? { ...sort, type: 'fixed' } : sort),
  );
  return [...frames(place, [dir], sort.kind), ...items];
}

/** Directories themselves. */
function frames({ rootDir, meter }: Place, dirs: readonly string[], kind: SpaceKind): SpaceItem[] {
  return dirs.map((dir) => fixed(dir, kind, meter.bytesOf(join(rootDir, dir))));
}

function parents(dir: string): string[] {
  const parts = dir.split('/');
  return parts.map((_, index) => parts.slice(0, index + 1).join('/'));
}

function itemAt(place: Place, path: string, { type, kind }: Sort): SpaceItem {
  const bytes = place.meter.bytesBelow(join(place.rootDir, path));
  const id = path.slice(path.lastIndexOf('/') + 1);
  return { type, id, path, bytes, parts: { [kind]: bytes }, lastUsedAt: usedAt(place, path) };
}

function fixed(path: string, kind: SpaceKind, bytes: number): SpaceItem {
  return { type: 'fixed', id: path, path, bytes, parts: { [kind]: bytes }, lastUsedAt: 0 };
}

/** The time of the first that is there. */
function usedAt({ rootDir }: Place, ...paths: readonly string[]): number {
  for (const path of paths) {
    const stat = statSync(join(rootDir, path), { throwIfNoEntry: false });
    if (stat !== undefined) return Math.round(stat.mtimeMs);
  }
  return 0;
}

function textOf(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
