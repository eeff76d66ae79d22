import { anySignal } from './any-signal.ts';

/**
 * Does `work` for every item, so many at a time. The first that fails stops those that run and those that wait, and is thrown when
 * all have ended; so is an abort of `signal`.
 */
export async function eachAtMost<T>(
  limit: number,
  items: readonly T[],
  { signal: outer, work }: { signal: AbortSignal; work: (item: T, signal: AbortSignal) => Promise<void> },
): Promise<void> {
  const stop = new AbortController();
  const signal = anySignal([outer, stop.signal]);
  const queue = items.values();
  const workers = Array.from({ length: Math.min(limit, items.length) }, async () => {
    for (const item of queue) {
      signal.throwIfAborted();
      await work(item, signal);
    }
  });
  try {
    await Promise.all(workers);
  } catch (error) {
    stop.abort(error);
    await Promise.allSettled(workers);
    throw error;
  }
}
