import type { BuildOptions } from '../build-options.ts';
import { type Emit, sizeText } from '../progress/index.ts';
import { enforceCap } from './space.ts';
import { removeWithWorker } from './space-worker.ts';

/** So long may the end of a build that was cancelled take for this. */
const CANCELLED_MS = 1500;

/** After a build, whatever its outcome, also a cancelled one: the root takes no more than it may. What fails of this is a warning. */
export async function keepBelowCap(
  { rootDir, cacheMaxBytes, workerScript, workerEnv }: BuildOptions,
  { signal: cancelled, emit, hasOnlyHits }: { signal: AbortSignal; emit: Emit; hasOnlyHits: () => boolean },
): Promise<void> {
  const warn = (message: string): void => emit({ type: 'warning', message });
  const signal = someTimeAfter(cancelled);
  try {
    const pruned = await enforceCap(rootDir, {
      ...{ maxBytes: cacheMaxBytes, signal, warn, hasOnlyHits: hasOnlyHits() },
      removeLeftovers: removeWithWorker({ scriptPath: workerScript, env: workerEnv, signal }),
    });
    if (pruned === undefined || pruned.images.length === 0) return;
    warn(`${pruned.images.join(', ')} went to keep the cache below ${sizeText(cacheMaxBytes ?? pruned.bytesBefore)}`);
  } catch (error) {
    if (!signal.aborted) warn(`the cache could not be kept below its size: ${(error as Error).message}`);
  }
}

/** Aborts when the other signal has been aborted for a while. */
function someTimeAfter(other: AbortSignal): AbortSignal {
  const controller = new AbortController();
  const wait = (): void => {
    setTimeout(() => controller.abort(other.reason), CANCELLED_MS).unref();
  };
  if (other.aborted) wait();
  else other.addEventListener('abort', wait, { once: true });
  return controller.signal;
}
