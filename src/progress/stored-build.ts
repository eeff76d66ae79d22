import { withoutAbsent } from '../util/without-absent.ts';
import type { BuildState, StepState } from './collect.ts';
import type { Failure } from './events.ts';
import { REPORT_SCHEMA_VERSION } from './report.ts';
import type { Report, ReportStep } from './report-type.ts';

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
  readonly error?: Failure;
  readonly report: StoredReport;
}

/** Earlier versions gave no hints. */
export type StoredReport = Omit<Report, 'hints'> & Partial<Pick<Report, 'hints'>>;
export type StoredStep = ReportStep;

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
  return isWhole && report.steps.every(isNamed) ? (build as StoredBuild) : undefined;
}

function isNamed(step: Partial<StoredStep> | null): boolean {
  return [step?.id, step?.name, step?.stage, step?.status].every((text) => typeof text === 'string');
}

/** What was shown at the end of the build, to be shown again. */
export function stateOf({ report, findings, error }: StoredBuild): BuildState {
  const { result, durationMs, image, warnings, hints = [] } = report;
  return {
    ...{ result, durationMs, warnings, findings, hints },
    steps: report.steps.map(stepState),
    ...withoutAbsent({ image, error }),
  };
}

/** A report says `cancelled` of a step that was never begun, too. */
export function wasReached({ status, startedMs, reason }: StoredStep): boolean {
  return status !== 'cancelled' || startedMs !== 0 || reason !== undefined;
}

function stepState(step: StoredStep): StepState {
  const { id, name, stage, kind, file, line, status, startedMs, durationMs, savedMs, reason, ...rest } = step;
  const { layer, record, logFile, error, refused } = rest;
  return {
    info: { id, name, stage, kind, file, line, isStep: true },
    ...(wasReached(step) ? { status, startedMs, endedMs: startedMs + durationMs } : { status: 'waiting' as const }),
    savedMs,
    ...(reason === undefined ? {} : { reason, earlyCutOff: reason.earlyCutOff === true }),
    ...withoutAbsent({ layer, record, logFile, error, refused }),
  };
}
