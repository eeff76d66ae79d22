import { setImmediate as turn } from 'node:timers/promises';
import { monotonicMs } from './clock.ts';

const SLICE_MS = 15;

/**
 * Synchronous calls are several times faster than promises on many small files, but there are others to listen to: work is done in
 * slices. Call the result between pieces of work; it seldom waits. After an abort it throws the signal's reason.
 */
export function makeBreather(signal: AbortSignal): () => Promise<void> | undefined {
  let until = monotonicMs() + SLICE_MS;
  return () => {
    if (monotonicMs() < until) return undefined;
    return turn().then(() => {
      signal.throwIfAborted();
      until = monotonicMs() + SLICE_MS;
    });
  };
}
