import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { setTimeout as wait } from 'node:timers/promises';

const STEP_MS = 20;
const LONGEST_MS = 1000;

/** Waits until a processor has nothing else to do, but no longer than a second. @throws the abort's reason */
export async function freeProcessor(signal: AbortSignal): Promise<void> {
  for (let waited = 0; waited < LONGEST_MS && isEachTaken(readLoad(), availableParallelism()); waited += STEP_MS)
    await wait(STEP_MS, undefined, { signal });
}

/**
 * Whether others than the one who asks could use all processors. A priority does not tell: processes of another session, or in a group of their own,
 * share with it by halves.
 * @param load what /proc/loadavg says: its fourth word is `RUNNING/ALL`, the asker among them
 */
export function isEachTaken(load: string, processors: number): boolean {
  const running = /^\S+ \S+ \S+ (\d+)\//.exec(load)?.[1];
  return running !== undefined && Number(running) > processors;
}

function readLoad(): string {
  try {
    return readFileSync('/proc/loadavg', 'latin1');
  } catch {
    return '';
  }
}
