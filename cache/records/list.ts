import { statSync } from 'node:fs';
import { join } from 'node:path';
import { type CacheKey, hexOf, parseCacheKey } from '../digest.ts';
import { namesIn, readIfThere, shardedPath } from '../files.ts';
import type { CacheRecord } from '../types.ts';
import { parseRecord, renderRecord } from './format.ts';
import { parseLines, renderLine } from './lines.ts';

/** Every record that can be read. @param dir records/v1 of the root */
export function* listRecords(dir: string): Iterable<CacheRecord> {
  for (const shard of namesIn(dir)) {
    if (!/^[0-9a-f]{2}$/.test(shard)) continue;
    for (const hex of namesIn(join(dir, shard)))
      if (/^[0-9a-f]{64}$/.test(hex)) yield* readRecords(join(dir, shard, hex), hex).records;
  }
}

/** Where the records of a key are. @param dir records/v1 of the root */
export function recordFile(dir: string, key: CacheKey): string {
  return shardedPath(dir, hexOf(key));
}

/** A file of records. */
export function renderRecords(records: readonly CacheRecord[]): string {
  return records.map((record) => renderLine(renderRecord(record))).join('');
}

/** The records of one file, oldest first, and whether it holds something else. */
export function readRecords(path: string, hex: string): { records: CacheRecord[]; isDamaged: boolean } {
  const content = readIfThere(path);
  if (content === undefined) return { records: [], isDamaged: false };
  const usedAt = Math.round(statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0);
  const { texts, isDamaged } = parseLines(content.toString('utf8'));
  const key = parseCacheKey(`sha256:${hex}`);
  const records = texts.map((text) => parseRecord(text, key, usedAt)).filter((record) => record !== undefined);
  records.sort((one, other) => one.createdAt - other.createdAt);
  return { records, isDamaged: isDamaged || records.length < texts.length };
}
