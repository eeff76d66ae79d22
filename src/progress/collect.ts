import { withoutAbsent } from '../util/without-absent.ts';
import type {
  BuildEvent,
  Compared,
  Failure,
  ImageSummary,
  LayerSummary,
  Reason,
  RecordSummary,
  StepInfo,
  Usage,
} from './events.ts';

/** What a build's events say of one step so far. */
export interface StepState {
  readonly info: StepInfo;
  status: 'waiting' | 'running' | 'hit' | 'miss' | 'failed' | 'cancelled';
  reason?: Reason;
  startedMs?: number;
  endedMs?: number;
  savedMs: number;
  layer?: LayerSummary;
  record?: RecordSummary;
  compared?: Compared;
  usage?: Usage;
  logFile?: string;
  error?: string;
  /** Failed without having run: it missed, and must not. */
  refused?: boolean;
  /** Ran, and what it made is what was there before. */
  earlyCutOff?: boolean;
}

export interface BuildState {
  readonly steps: readonly StepState[];
  readonly warnings: readonly string[];
  /** Those of the warnings that are findings of build checks. */
  readonly findings: readonly string[];
  readonly hints: readonly string[];
  readonly result?: 'built' | 'failed' | 'cancelled';
  readonly durationMs: number;
  readonly image?: ImageSummary;
  readonly error?: Failure;
}

/** Folds events into the state of a build; renderers, the summary and the report all read it. */
export function collectEvents(): { handle(event: BuildEvent): void; state(): BuildState } {
  const steps = new Map<string, StepState>();
  const errands = new Map<string, Errand>();
  const warnings: string[] = [];
  const findings: string[] = [];
  const hints: string[] = [];
  let ended: Extract<BuildEvent, { type: 'build-done' }> | undefined;

  const handle = (event: BuildEvent): void => {
    if (event.type === 'steps-planned') {
      for (const info of event.steps)
        if (info.isStep && !steps.has(info.id)) steps.set(info.id, { info, status: 'waiting', savedMs: 0 });
      for (const [id, errand] of errandsOf(event.steps, [...steps.values()])) errands.set(id, errand);
    } else if (event.type === 'warning') {
      warnings.push(event.message);
      if (event.code !== undefined) findings.push(event.message);
    } else if (event.type === 'hint') {
      hints.push(event.message);
    } else if (event.type === 'build-done') {
      ended = event;
    } else if ('id' in event) {
      const step = steps.get(event.id);
      if (step !== undefined) applyEvent(step, event);
      else applyErrand(errands.get(event.id), event);
    }
  };
  const state = (): BuildState => ({
    steps: [...steps.values()],
    warnings,
    findings,
    hints,
    durationMs: ended?.atMs ?? 0,
    ...withoutAbsent({ result: ended?.result, image: ended?.image, error: ended?.error }),
  });
  return { handle, state };
}

type StepEvent = Extract<BuildEvent, { id: string }>;
type Changes = {
  readonly [Type in StepEvent['type']]?: (event: Extract<StepEvent, { type: Type }>) => Partial<StepState>;
};

/** What each event says of its step; what an event does not say stays. */
const CHANGES: Changes = {
  'step-started': ({ atMs }) => ({ status: 'running', startedMs: atMs }),
  'step-hit': ({ atMs, reason, savedMs, layer, record }) => ({
    status: 'hit',
    reason,
    savedMs,
    endedMs: atMs,
    ...withoutAbsent({ layer, record }),
  }),
  'step-missed': ({ reason, compared }) => ({ status: 'miss', reason, ...withoutAbsent({ compared }) }),
  'step-done': ({ atMs, layer, usage, record, logFile, earlyCutOff }) => ({
    endedMs: atMs,
    ...withoutAbsent({ layer, usage, record, logFile, earlyCutOff }),
  }),
  'step-failed': ({ atMs, message, logFile, refused }) => ({
    status: 'failed',
    endedMs: atMs,
    error: message,
    ...withoutAbsent({ logFile, refused }),
  }),
  'step-cancelled': ({ atMs }) => ({ status: 'cancelled', endedMs: atMs }),
};

function applyEvent(step: StepState, event: StepEvent): void {
  if (event.type === 'step-started') delete step.endedMs;
  const change = CHANGES[event.type] as ((event: StepEvent) => Partial<StepState>) | undefined;
  if (change !== undefined) Object.assign(step, change(event));
}

/** What is no step but done for one, such as the fetch of an ADD: its failure is the step's. */
interface Errand {
  readonly step: StepState;
  startedMs?: number;
}

function errandsOf(infos: readonly StepInfo[], steps: readonly StepState[]): readonly (readonly [string, Errand])[] {
  return infos.flatMap(({ id, isStep, file, line }) => {
    const step = isStep || line === 0 ? undefined : steps.find(({ info }) => info.file === file && info.line === line);
    return step === undefined ? [] : [[id, { step }] as const];
  });
}

function applyErrand(errand: Errand | undefined, event: StepEvent): void {
  if (errand === undefined) return;
  const { step } = errand;
  if (event.type === 'step-started') errand.startedMs = event.atMs;
  if (event.type !== 'step-failed' || step.status !== 'waiting') return;
  step.startedMs = errand.startedMs ?? event.atMs;
  applyEvent(step, event);
}

export function durationOf(step: StepState): number {
  return step.startedMs === undefined || step.endedMs === undefined ? 0 : Math.max(0, step.endedMs - step.startedMs);
}
