import type { Timed } from '../../src/progress/index.ts';
import type { StepContext } from '../../src/solver/index.ts';

/** For tests that do not ask how long anything took. */
export const untimed: Timed = (_phase, work) => work();
export const untimedStep: Pick<StepContext, 'timed' | 'tookPlace'> = {
  timed: (_phase, work) => work(),
  tookPlace: () => undefined,
};
