import { type CacheKey, type KeyMaterial, preferredRecord, type RecordReader } from '../../cache/index.ts';
import type { StoredBuild, StoredStep } from '../progress/index.ts';
import { compareBuilds, type Difference } from './difference.ts';

/** A step of a stored build with all that the root still knows of it. */
export interface ExplainedStep extends StoredStep {
  /** The cache record that it hit or made, as the root has it now; absent for a step that has none. */
  readonly found?: FoundRecord;
  /** What the same step of the build that this one is compared with did otherwise. */
  readonly difference?: Difference;
}

export interface FoundRecord {
  readonly key: CacheKey;
  readonly createdAt: number;
  /** Absent when the record is gone. */
  readonly material?: KeyMaterial;
  readonly costMs?: number;
  readonly lastUsedAt?: number;
  /** How many results the key has; the one that counts is the oldest, or the latest of `--no-cache`. */
  readonly results?: number;
  readonly isRefreshed?: boolean;
  /** The instruction that it was made for. */
  readonly madeBy?: string;
  /** When the record went, where that is known. */
  readonly prunedAt?: number;
}

export interface ExplainedBuild {
  readonly steps: readonly ExplainedStep[];
  /** Steps of the other build that this one has not. */
  readonly gone: readonly StoredStep[];
}

/** What each step of a stored build did and why; with `against`, how it differs from that earlier build's. */
export function explainBuild(
  build: StoredBuild,
  { records, against }: { records: RecordReader; against?: StoredBuild | undefined },
): ExplainedBuild {
  const compared = against === undefined ? undefined : compareBuilds(build, against, records);
  return {
    steps: build.report.steps.map((step) => {
      const found = foundOf(step, records);
      const difference = compared?.differences.get(step);
      return {
        ...step,
        ...(found === undefined ? {} : { found }),
        ...(difference === undefined ? {} : { difference }),
      };
    }),
    gone: compared?.gone ?? [],
  };
}

function foundOf({ record }: StoredStep, records: RecordReader): FoundRecord | undefined {
  if (record === undefined) return undefined;
  const { key, createdAt } = record;
  const all = records.lookup(key);
  const one = all.find((known) => known.createdAt === createdAt) ?? preferredRecord(all);
  if (one === undefined) {
    const prunedAt = records.prunedAt(key);
    return { key, createdAt, ...(prunedAt === undefined ? {} : { prunedAt }) };
  }
  const { material, costMs, lastUsedAt, refreshed, place } = one;
  return {
    ...{ key, createdAt, material, costMs, lastUsedAt, results: all.length },
    ...(refreshed === true ? { isRefreshed: true } : {}),
    ...(place.text === undefined ? {} : { madeBy: place.text }),
  };
}
