import { join } from 'node:path';
import { type BuildReader, openBuildReader } from './builds/store.ts';
import { type CacheKey, hexOf } from './digest.ts';
import { readRecords, recordFile } from './records/list.ts';
import { readTombstones } from './records/tombstones.ts';
import type { CacheRecord } from './types.ts';

/** What a root remembers, to be looked at only. */
export interface RootReader {
  readonly builds: BuildReader;
  readonly records: RecordReader;
}

export interface RecordReader {
  /** Oldest first; [] for a key that nobody recorded. */
  lookup(key: CacheKey): readonly CacheRecord[];
  /** Milliseconds since the epoch; undefined for what was not pruned, or long ago. */
  prunedAt(digest: string): number | undefined;
}

/** Nothing is made, written or held: a root that is not there remembers nothing. */
export function openRootReader(rootDir: string): RootReader {
  return { builds: openBuildReader(rootDir), records: openRecordReader(join(rootDir, 'records/v1')) };
}

function openRecordReader(dir: string): RecordReader {
  let tombstones: ReadonlyMap<string, number> | undefined;
  return {
    lookup: (key) => readRecords(recordFile(dir, key), hexOf(key)).records,
    prunedAt(digest) {
      tombstones ??= readTombstones(join(dir, 'tombstones'));
      return tombstones.get(digest);
    },
  };
}
