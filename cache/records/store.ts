import { mkdirSync, utimesSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { canonicalJson } from '../canonical-json.ts';
import { type CacheKey, digestOf, hexOf, parseCacheKey } from '../digest.ts';
import { namesIn, publishUnsynced, sizeIfThere, type TempPath, type Warn } from '../files.ts';
import type { CacheRecord, Json, KeyMaterial, Place } from '../types.ts';
import { differenceOf } from './difference.ts';
import { renderRecord } from './format.ts';
import { appendLine } from './lines.ts';
import { readRecords, recordFile, renderRecords } from './list.ts';
import { openPlaces, type Places } from './places.ts';
import { preferredRecord } from './preferred.ts';

/** What steps gave, by cache key. A key may hold several results. */
export interface RecordStore {
  keyOf(material: KeyMaterial): CacheKey;
  /** Oldest first; [] for a key that nobody recorded. */
  lookup(key: CacheKey): readonly CacheRecord[];
  /** A result that the key holds already is only marked as used, unless it was refreshed. A failure is a warning: the next build misses. */
  put(record: CacheRecord): void;
  /** Marks the key as used. */
  touch(key: CacheKey, atMs: number): void;
  /**
   * The record that explains best why `material` misses at `place`: of the same build and stage, there of the same kind, whose material
   * differs in the fewest fields; then at the same index; then the newest. Another kind counts only at the same index.
   */
  nearest(place: Place, material: KeyMaterial, others?: OtherSteps): CacheRecord | undefined;
  /** Why a key that was recorded for the place has no record any more; undefined when it has one, or never had. */
  fate(place: Place, key: CacheKey): 'damaged' | 'removed' | undefined;
  /** Nothing was ever recorded here: every step misses. */
  isEmpty(): boolean;
}

/** What is known to belong to other steps of the same build, and so explains none of this one's misses. */
export interface OtherSteps {
  readonly keys?: ReadonlySet<CacheKey>;
  /** Texts of the stage's other steps. */
  readonly texts?: ReadonlySet<string>;
}

/** @param dir records/v1 of the root */
export function openRecordStore(
  dir: string,
  { tempPath, onWarning }: { tempPath: TempPath; onWarning: Warn },
): RecordStore {
  return new FileRecordStore(dir, { places: openPlaces(join(dir, 'places'), tempPath), tempPath, onWarning });
}

/** Results of one key beyond this replace the newest before them: the oldest is what later steps were built on. */
const MAX_RESULTS = 32;
/** A miss looks at so many earlier records at most. */
const MAX_CANDIDATES = 64;

/** Of keys, by how they begin. */
const SHARD = /^[0-9a-f]{2}$/;

class FileRecordStore implements RecordStore {
  readonly #dir: string;
  readonly #places: Places;
  readonly #tempPath: TempPath;
  readonly #onWarning: Warn;
  /** Told once a process. */
  readonly #damaged = new Set<CacheKey>();
  /** Material does not change: read once a process for all misses. */
  readonly #candidates = new Map<CacheKey, CacheRecord | undefined>();

  constructor(dir: string, { places, tempPath, onWarning }: { places: Places; tempPath: TempPath; onWarning: Warn }) {
    this.#dir = dir;
    this.#places = places;
    this.#tempPath = tempPath;
    this.#onWarning = onWarning;
  }

  keyOf(material: KeyMaterial): CacheKey {
    return parseCacheKey(digestOf(canonicalJson(material as unknown as Json)));
  }

  lookup(key: CacheKey): readonly CacheRecord[] {
    const { records, isDamaged } = readRecords(this.#path(key), hexOf(key));
    if (isDamaged && !this.#damaged.has(key)) {
      this.#damaged.add(key);
      this.#onWarning(`a cache record of ${key} is damaged; its step may run again`);
    }
    return records;
  }

  isEmpty(): boolean {
    return !namesIn(this.#dir).some((name) => SHARD.test(name));
  }

  put(record: CacheRecord): void {
    try {
      this.#put(record);
    } catch (error) {
      this.#onWarning(`the cache record of ${record.key} could not be kept: ${(error as Error).message}`);
    }
  }

  touch(key: CacheKey, atMs: number): void {
    try {
      utimesSync(this.#path(key), atMs / 1000, atMs / 1000);
    } catch {
      // Gone meanwhile: nothing is left to mark.
    }
  }

  fate(place: Place, key: CacheKey): 'damaged' | 'removed' | undefined {
    const path = this.#path(key);
    const isThere = sizeIfThere(path) !== undefined;
    if (isThere && this.lookup(key).length > 0) return undefined;
    if (isThere) return 'damaged';
    return this.#places.list(place).some((entry) => entry.key === key) ? 'removed' : undefined;
  }

  nearest(place: Place, material: KeyMaterial, { keys, texts }: OtherSteps = {}): CacheRecord | undefined {
    const entries = this.#places.list(place).filter((entry) => keys?.has(entry.key) !== true);
    const sameKind = entries.filter((entry) => entry.kind === place.kind).slice(0, MAX_CANDIDATES);
    const sameIndex = entries.filter((entry) => entry.kind !== place.kind && entry.index === place.index);
    for (const candidates of [sameKind, sameIndex.slice(0, 1)]) {
      let best: { record: CacheRecord; score: number } | undefined;
      for (const { key, index } of candidates) {
        const record = this.#candidate(key);
        if (record === undefined || texts?.has(record.place.text ?? '') === true) continue;
        // An index that differs breaks a tie between materials, never outweighs a field.
        const score = 2 * differenceOf(record.material, material) + (index === place.index ? 0 : 1);
        if (best === undefined || score < best.score) best = { record, score };
      }
      if (best !== undefined) return best.record;
    }
    return undefined;
  }

  #put(record: CacheRecord): void {
    const { key } = record;
    const path = this.#path(key);
    const known = this.lookup(key);
    const isNew = record.refreshed === true || !known.some((one) => hasSameLayers(one, record));
    if (isNew) {
      const others = known.filter((one) => !isReplacedBy(one, record));
      mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
      if (others.length === known.length && known.length < MAX_RESULTS) appendLine(path, renderRecord(record));
      else this.#rewrite(path, [...others.slice(0, MAX_RESULTS - 1), record]);
    }
    this.touch(key, record.lastUsedAt);
    this.#places.add(record.place, key);
    this.#candidates.delete(key);
  }

  #candidate(key: CacheKey): CacheRecord | undefined {
    if (!this.#candidates.has(key)) this.#candidates.set(key, preferredRecord(this.lookup(key)));
    return this.#candidates.get(key);
  }

  #rewrite(path: string, records: readonly CacheRecord[]): void {
    publishUnsynced(path, renderRecords(records), this.#tempPath);
  }

  #path(key: CacheKey): string {
    return recordFile(this.#dir, key);
  }
}

/** What was refreshed twice with the same layers is the later one: its time is the one that was shipped last. */
function isReplacedBy(one: CacheRecord, record: CacheRecord): boolean {
  return one.refreshed === true && record.refreshed === true && hasSameLayers(one, record);
}

function hasSameLayers(one: CacheRecord, other: CacheRecord): boolean {
  return (
    one.layers.length === other.layers.length &&
    one.layers.every((layer, index) => layer.diffID === other.layers[index]?.diffID)
  );
}
