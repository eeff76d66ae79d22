import { withoutAbsent } from '../util/without-absent.ts';
import { type BuildState, durationOf, type StepState } from './collect.ts';

export const REPORT_SCHEMA_VERSION = 1;

/** The report of `--report x.json`; fields are listed in docs/report.md. */
export function renderReport(state: BuildState): object {
  return {
    schemaVersion: REPORT_SCHEMA_VERSION,
    result: state.result ?? 'failed',
    durationMs: Math.round(state.durationMs),
    ...(state.image === undefined ? {} : { image: state.image }),
    steps: state.steps.map(stepReport),
    warnings: state.warnings,
    summary: {
      steps: state.steps.length,
      hits: state.steps.filter((step) => step.status === 'hit').length,
      misses: state.steps.filter((step) => step.status === 'miss').length,
      savedMs: state.steps.reduce((sum, step) => sum + step.savedMs, 0),
      criticalPath: criticalPath(state.steps),
    },
  };
}

function stepReport(step: StepState): object {
  const { info, usage, layer, record, logFile, error } = step;
  return {
    id: info.id,
    name: info.name,
    stage: info.stage,
    kind: info.kind,
    file: info.file,
    line: info.line,
    status: step.status === 'waiting' || step.status === 'running' ? 'cancelled' : step.status,
    from: 'local',
    ...withoutAbsent({ reason: reasonReport(step) }),
    startedMs: Math.round(step.startedMs ?? 0),
    durationMs: Math.round(durationOf(step)),
    savedMs: step.savedMs,
    ...withoutAbsent({ cpuMs: usage?.cpuMs, maxRssBytes: usage?.maxRssBytes, layer, record, logFile, error }),
  };
}

function reasonReport({ reason, earlyCutOff }: StepState): object | undefined {
  return reason !== undefined && earlyCutOff === true ? { ...reason, earlyCutOff } : reason;
}

/** The chain of steps that ends last, each preceded by the one that ended latest before it began. */
function criticalPath(steps: readonly StepState[]): string[] {
  const ran = steps.filter((step) => step.status === 'miss' && step.endedMs !== undefined);
  const path: string[] = [];
  let before = Number.POSITIVE_INFINITY;
  for (;;) {
    const next = ran
      .filter((step) => (step.endedMs ?? 0) <= before)
      .sort((a, b) => (b.endedMs ?? 0) - (a.endedMs ?? 0))[0];
    if (next === undefined) return path;
    path.unshift(next.info.id);
    before = next.startedMs ?? 0;
    ran.splice(ran.indexOf(next), 1);
  }
}
