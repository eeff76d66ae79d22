import type { BuildState, StepState } from './collect.ts';
import type { ImageSummary, LayerSummary, Reason } from './events.ts';
import { REPORT_SCHEMA_VERSION } from './report.ts';

/** A build as it is kept in the root: its report, and what was built. */
export interface StoredBuild {
  readonly schemaVersion: number;
  readonly id: string;
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
  /** Names the Dockerfile and context; builds with equal places are of one Dockerfile. */
  readonly place: string;
  /** As given on the command line. */
  readonly context: string;
  readonly file: string;
  readonly target?: string;
  readonly tags: readonly string[];
  /** Findings of build checks, which the terminal shows below the totals. */
  readonly findings: readonly string[];
  /** Why it failed. */
  readonly error?: { readonly code: string; readonly message: string };
  readonly report: StoredReport;
}

/** The fields of a report that are read again; docs/report.md lists all. */
export interface StoredReport {
  readonly schemaVersion: number;
  readonly result: 'built' | 'failed' | 'cancelled';
  readonly durationMs: number;
  readonly image?: ImageSummary;
  readonly steps: readonly StoredStep[];
  readonly warnings: readonly string[];
  readonly summary: {
    readonly steps: number;
    readonly hits: number;
    readonly misses: number;
    readonly savedMs: number;
  };
}

export interface StoredStep {
  readonly id: string;
  readonly name: string;
  readonly stage: string;
  readonly kind: string;
  readonly file: string;
  readonly line: number;
  readonly status: 'hit' | 'miss' | 'failed' | 'cancelled';
  readonly reason?: Reason & { readonly earlyCutOff?: boolean };
  readonly startedMs: number;
  readonly durationMs: number;
  readonly savedMs: number;
  readonly layer?: LayerSummary;
  readonly logFile?: string;
  readonly error?: string;
}

/** undefined for what no version wrote that this one can read. */
export function asStoredBuild(value: unknown): StoredBuild | undefined {
  const build = value as Partial<StoredBuild> | null | undefined;
  if (typeof build !== 'object' || build === null || build.schemaVersion !== REPORT_SCHEMA_VERSION) return undefined;
  const { id, startedAt, place, context, file, tags, findings, report } = build;
  const isWhole =
    [id, place, context, file].every((text) => typeof text === 'string') &&
    typeof startedAt === 'number' &&
    [tags, findings, report?.steps, report?.warnings].every((list) => Array.isArray(list)) &&
    typeof report?.summary === 'object';
  return isWhole ? (build as StoredBuild) : undefined;
}

/** What was shown at the end of the build, to be shown again. */
export function stateOf({ report, findings }: StoredBuild): BuildState {
  const { result, durationMs, image, warnings } = report;
  return {
    ...{ result, durationMs, warnings, findings },
    steps: report.steps.map(stepState),
    ...(image === undefined ? {} : { image }),
  };
}

function stepState(step: StoredStep): StepState {
  const { id, name, stage, kind, file, line, status, startedMs, durationMs, savedMs, reason, layer } = step;
  return {
    info: { id, name, stage, kind, file, line, isStep: true },
    ...{ status, startedMs, savedMs, endedMs: startedMs + durationMs },
    ...(reason === undefined ? {} : { reason, earlyCutOff: reason.earlyCutOff === true }),
    ...(layer === undefined ? {} : { layer }),
  };
}
