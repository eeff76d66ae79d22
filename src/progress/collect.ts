import type { BuildEvent, HitCode, ImageSummary, LayerSummary, MissCode, Reason, StepInfo, Usage } from './events.ts';

/** What a build's events say of one step so far. */
export interface StepState {
  readonly info: StepInfo;
  status: 'waiting' | 'running' | 'hit' | 'miss' | 'failed' | 'cancelled';
  reason?: Reason<HitCode | MissCode>;
  startedMs?: number;
  endedMs?: number;
  savedMs: number;
  layer?: LayerSummary;
  usage?: Usage;
  logFile?: string;
  error?: string;
  /** Ran, and what it made is what was there before. */
  earlyCutOff?: boolean;
}

export interface BuildState {
  readonly steps: readonly StepState[];
  readonly warnings: readonly string[];
  readonly result?: 'built' | 'failed' | 'cancelled';
  readonly durationMs: number;
  readonly image?: ImageSummary;
}

/** Folds events into the state of a build; renderers, the summary and the report all read it. */
export function collectEvents(): { handle(event: BuildEvent): void; state(): BuildState } {
  const steps = new Map<string, StepState>();
  const warnings: string[] = [];
  let ended: Extract<BuildEvent, { type: 'build-done' }> | undefined;

  const handle = (event: BuildEvent): void => {
    if (event.type === 'steps-planned') {
      for (const info of event.steps)
        if (info.isStep && !steps.has(info.id)) steps.set(info.id, { info, status: 'waiting', savedMs: 0 });
    } else if (event.type === 'warning') {
      warnings.push(event.message);
    } else if (event.type === 'build-done') {
      ended = event;
    } else if ('id' in event) {
      const step = steps.get(event.id);
      if (step !== undefined) applyEvent(step, event);
    }
  };
  const state = (): BuildState => ({
    steps: [...steps.values()],
    warnings,
    durationMs: ended?.atMs ?? 0,
    ...(ended === undefined ? {} : { result: ended.result }),
    ...(ended?.image === undefined ? {} : { image: ended.image }),
  });
  return { handle, state };
}

function applyEvent(step: StepState, event: Extract<BuildEvent, { id: string }>): void {
  switch (event.type) {
    case 'step-started':
      step.status = 'running';
      step.startedMs = event.atMs;
      delete step.endedMs;
      break;
    case 'step-hit':
      step.status = 'hit';
      step.reason = event.reason;
      step.savedMs = event.savedMs;
      step.endedMs = event.atMs;
      if (event.layer !== undefined) step.layer = event.layer;
      break;
    case 'step-missed':
      step.status = 'miss';
      step.reason = event.reason;
      break;
    case 'step-done':
      step.endedMs = event.atMs;
      if (event.layer !== undefined) step.layer = event.layer;
      if (event.usage !== undefined) step.usage = event.usage;
      if (event.logFile !== undefined) step.logFile = event.logFile;
      if (event.earlyCutOff === true) step.earlyCutOff = true;
      break;
    case 'step-failed':
      step.status = 'failed';
      step.endedMs = event.atMs;
      step.error = event.message;
      if (event.logFile !== undefined) step.logFile = event.logFile;
      break;
    case 'step-cancelled':
      step.status = 'cancelled';
      step.endedMs = event.atMs;
      break;
    default:
      break;
  }
}

export function durationOf(step: StepState): number {
  return step.startedMs === undefined || step.endedMs === undefined ? 0 : Math.max(0, step.endedMs - step.startedMs);
}
