import type { CacheRecord } from '../types.ts';

/**
 * Which of a key's results counts: the newest one that was refreshed, else the oldest, on which later steps were built.
 * @param records oldest first
 */
export function preferredRecord(records: readonly CacheRecord[]): CacheRecord | undefined {
  return records.findLast((record) => record.refreshed === true) ?? records[0];
}
