import type { StepState } from './collect.ts';

/** What became of steps, and what those that hit took when they ran. */
export interface Counts {
  readonly hits: number;
  /** To their end, or until they failed. */
  readonly ran: number;
  /** Missed, and must not. */
  readonly refused: number;
  readonly savedMs: number;
}

export function countsOf(steps: readonly StepState[]): Counts {
  return {
    hits: steps.filter(({ status }) => status === 'hit').length,
    ran: steps.filter(hasRun).length,
    refused: steps.filter(({ refused }) => refused === true).length,
    savedMs: steps.reduce((sum, step) => sum + step.savedMs, 0),
  };
}

/** `12 hit`, `1 ran`, and what was refused where there is any. */
export function countWords({ hits, ran, refused }: Counts): string[] {
  return [`${hits} hit`, `${ran} ran`, ...(refused === 0 ? [] : [`${refused} refused`])];
}

/** To its end, or until it failed. */
export function hasRun({ status, refused }: Pick<StepState, 'status' | 'refused'>): boolean {
  return status === 'miss' || (status === 'failed' && refused !== true);
}
