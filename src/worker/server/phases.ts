import { type PhaseName, phaseTimer } from '../../progress/index.ts';
import { monotonicMs } from '../../util/clock.ts';
import type { PastPhase } from '../protocol.ts';

export interface Phases {
  readonly timed: <T>(name: PhaseName, work: () => T) => T;
  /** Those that have ended. */
  readonly past: () => readonly PastPhase[];
}

/** What a RUN's time goes to in here. The front has another clock, so that it is told how long ago each was. */
export function takePhases(): Phases {
  const ended: { readonly name: PhaseName; readonly startedMs: number; readonly atMs: number }[] = [];
  const timer = phaseTimer({
    emit: (event) => {
      if (event.type === 'phase') ended.push(event);
    },
    clock: { elapsedMs: monotonicMs },
  });
  return {
    timed: (name, work) => timer({ name }, work),
    past() {
      const nowMs = monotonicMs();
      return ended.map(({ name, startedMs, atMs }) => ({ name, beganMs: nowMs - startedMs, endedMs: nowMs - atMs }));
    },
  };
}
