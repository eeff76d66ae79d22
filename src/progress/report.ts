import { BuildError } from '../errors.ts';
import { withoutAbsent } from '../util/without-absent.ts';
import { type BuildState, durationOf, type StepState } from './collect.ts';
import { countsOf, hasRun } from './counts.ts';
import type { Failure } from './events.ts';
import { plainText } from './render/words.ts';
import type { Report, ReportReason, ReportStep } from './report-type.ts';

export const REPORT_SCHEMA_VERSION = 1;

/** The report of `--report x.json`. */
export function renderReport(state: BuildState): Report {
  const { result = 'failed', error, image, warnings, hints } = state;
  const steps = state.steps.map(stepReport);
  const { hits, refused } = countsOf(state.steps);
  return {
    schemaVersion: REPORT_SCHEMA_VERSION,
    ...{ result, durationMs: Math.round(state.durationMs) },
    ...withoutAbsent({ error, image }),
    ...{ steps, warnings, hints },
    summary: {
      steps: steps.length,
      hits,
      misses: steps.filter((step) => step.status === 'miss').length,
      ...(refused === 0 ? {} : { refused }),
      savedMs: steps.reduce((sum, step) => sum + step.savedMs, 0),
      criticalPath: criticalPath(state.steps).map(({ info }) => info.id),
    },
  };
}

/** What a report says of an error. */
export function failureOf(error: unknown): Failure {
  const code = error instanceof BuildError ? error.code : 'internal';
  return { code, message: plainText(error instanceof Error ? error.message : 'unknown') };
}

function stepReport(step: StepState): ReportStep {
  const { usage, layer, record, compared, logFile, error, refused } = step;
  const { isStep: _, ...info } = step.info;
  return {
    ...info,
    status: step.status === 'waiting' || step.status === 'running' ? 'cancelled' : step.status,
    from: 'local',
    ...withoutAbsent({ reason: reasonReport(step) }),
    startedMs: Math.round(step.startedMs ?? 0),
    durationMs: Math.round(durationOf(step)),
    savedMs: Math.round(step.savedMs),
    ...withoutAbsent({ cpuMs: rounded(usage?.cpuMs), maxRssBytes: rounded(usage?.maxRssBytes) }),
    ...withoutAbsent({ layer, record, compared, logFile, error, refused }),
  };
}

function rounded(value: number | undefined): number | undefined {
  return value === undefined ? undefined : Math.round(value);
}

function reasonReport({ reason, earlyCutOff }: StepState): ReportReason | undefined {
  return reason !== undefined && earlyCutOff === true ? { ...reason, earlyCutOff } : reason;
}

/** The chain of steps that ends last, each preceded by the one that ended latest before it began. */
export function criticalPath(steps: readonly StepState[]): StepState[] {
  const ran = steps.filter((step) => hasRun(step) && step.endedMs !== undefined);
  ran.sort((a, b) => (b.endedMs ?? 0) - (a.endedMs ?? 0));
  const path: StepState[] = [];
  let before = Number.POSITIVE_INFINITY;
  for (const step of ran) {
    if ((step.endedMs ?? 0) > before) continue;
    path.unshift(step);
    before = step.startedMs ?? 0;
  }
  return path;
}
