import { mkdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { canonicalJson } from '../canonical-json.ts';
import { type CacheKey, digestOf, hexOf, isDigest } from '../digest.ts';
import { publishBytes, readIfThere, type TempPath } from '../files.ts';
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

function entriesOf(path: string): PlaceEntry[] {
  const content = readIfThere(path)?.toString('utf8') ?? '';
  const entries = new Map<CacheKey, PlaceEntry>();
  for (const text of parseLines(content).texts.toReversed()) {
    const entry = parseEntry(text);
    if (entry !== undefined && !entries.has(entry.key)) entries.set(entry.key, entry);
    if (entries.size >= MAX_ENTRIES) break;
  }
  return [...entries.values()];
}

function parseEntry(text: string): PlaceEntry | undefined {
  try {
    const { key, kind, index } = JSON.parse(text) as PlaceEntry;
    return isDigest(key) && typeof kind === 'string' && typeof index === 'number' ? { key, kind, index } : undefined;
  } catch {
    return undefined;
  }
}
