import { join } from 'node:path';
import { type CacheKey, type CacheRecord, openRecordStore, openTombstones } from '../../cache/index.ts';

/** The records of a root, to be read only. */
export interface ReadableRecords {
  lookup(key: CacheKey): readonly CacheRecord[];
  prunedAt(digest: string): number | undefined;
}

/** Nothing is written, held or made: a root that is not there has no records. */
export function readRecords(rootDir: string): ReadableRecords {
  const refuse = (): never => {
    throw new Error('nothing is written here');
  };
  const records = openRecordStore(join(rootDir, 'records/v1'), { tempPath: refuse, onWarning: () => undefined });
  const tombstones = openTombstones(join(rootDir, 'records/v1/tombstones'), refuse);
  return { lookup: (key) => records.lookup(key), prunedAt: (digest) => tombstones.prunedAt(digest) };
}
