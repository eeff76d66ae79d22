import type { Emit, PhaseName } from './events.ts';

export interface Phase {
  readonly name: PhaseName;
  /** The step or activity that it is part of. */
  readonly of?: string;
  /** What it was done to, where there are several: a layer. */
  readonly item?: string;
}

/** Does the work, and tells as an event how long it took, whatever its outcome. A promise is waited for. */
export type Timed = <T>(phase: Phase, work: () => T) => T;

export function phaseTimer({
  emit,
  clock,
}: {
  readonly emit: Emit;
  readonly clock: { readonly elapsedMs: () => number };
}): Timed {
  return (phase, work) => {
    const startedMs = clock.elapsedMs();
    const tell = (): void => emit({ type: 'phase', ...phase, startedMs, atMs: clock.elapsedMs() });
    let isLater = false;
    try {
      const made = work();
      if (!(made instanceof Promise)) return made;
      isLater = true;
      return made.finally(tell) as typeof made;
    } finally {
      if (!isLater) tell();
    }
  };
}
