import { closeSync, fstatSync, mkdirSync, openSync, readSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { canonicalJson } from '../canonical-json.ts';
import { type CacheKey, digestOf, hexOf, isDigest } from '../digest.ts';
import { publishBytes, type TempPath } from '../files.ts';
import type { Place } from '../types.ts';
import { appendLine, parseLines, renderLine } from './lines.ts';

/** A key that was recorded for a place. */
export interface PlaceEntry {
  readonly key: CacheKey;
  readonly kind: string;
  readonly index: number;
}

/** The latest keys of each stage of each build, to find the record that explains a miss. */
export interface Places {
  /** Of the stage that `place` lies in, newest first, each key once. */
  list(place: Place): readonly PlaceEntry[];
  add(place: Place, key: CacheKey): void;
}

const MAX_ENTRIES = 200;
/** Room for about twice the entries that are kept. */
const COMPACT_BYTES = 64 * 1024;

export function openPlaces(dir: string, tempPath: TempPath): Places {
  const pathOf = ({ build, stage }: Place): string => join(dir, hexOf(digestOf(canonicalJson([build, stage]))));
  const known = new Map<string, ReadPlace>();
  const entriesOf = (path: string): PlaceEntry[] => {
    const read = readPlace(path, known.get(path));
    if (read?.isDamaged === false) known.set(path, read);
    else known.delete(path);
    return latestOf(read?.entries ?? []);
  };
  return {
    list: (place) => entriesOf(pathOf(place)),
    add(place, key) {
      const path = pathOf(place);
      mkdirSync(dir, { recursive: true, mode: 0o700 });
      appendLine(path, JSON.stringify({ key, kind: place.kind, index: place.index }));
      if (statSync(path).size > COMPACT_BYTES) {
        const kept = entriesOf(path).toReversed();
        publishBytes(path, kept.map((entry) => renderLine(JSON.stringify(entry))).join(''), tempPath);
      }
    },
  };
}

/** A place's file as it was read up to some size. */
interface ReadPlace {
  readonly ino: number;
  readonly size: number;
  /** In the file's order. */
  readonly entries: readonly PlaceEntry[];
  readonly isDamaged: boolean;
}

/** Each step of a stage asks, and adds a line: what was read before is not read again. */
function readPlace(path: string, before: ReadPlace | undefined): ReadPlace | undefined {
  try {
    const fd = openSync(path, 'r');
    try {
      const { ino, size } = fstatSync(fd);
      const goesOn = before !== undefined && before.ino === ino && before.size <= size;
      const from = goesOn ? before.size : 0;
      const bytes = Buffer.alloc(size - from);
      const length = readSync(fd, bytes, 0, bytes.length, from);
      const { texts, isDamaged } = parseLines(bytes.toString('utf8', 0, length));
      const entries = texts.map(parseEntry).filter((entry) => entry !== undefined);
      return { ino, size: from + length, isDamaged, entries: goesOn ? [...before.entries, ...entries] : entries };
    } finally {
      closeSync(fd);
    }
  } catch {
    return undefined;
  }
}

/** Newest first, each key once. */
function latestOf(entries: readonly PlaceEntry[]): PlaceEntry[] {
  const latest = new Map<CacheKey, PlaceEntry>();
  for (const entry of entries.toReversed()) {
    if (!latest.has(entry.key)) latest.set(entry.key, entry);
    if (latest.size >= MAX_ENTRIES) break;
  }
  return [...latest.values()];
}

function parseEntry(text: string): PlaceEntry | undefined {
  try {
    const { key, kind, index } = JSON.parse(text) as PlaceEntry;
    return isDigest(key) && typeof kind === 'string' && typeof index === 'number' ? { key, kind, index } : undefined;
  } catch {
    return undefined;
  }
}
