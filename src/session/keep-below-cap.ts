import type { BuildOptions } from '../build-options.ts';
import { type Emit, sizeText } from '../progress/index.ts';
import { enforceCap } from './space.ts';
import { removeWithWorker } from './space-worker.ts';

/** After a build, whatever its outcome: the root takes no more than it may. What fails of this is a warning. */
export async function keepBelowCap(
  { rootDir, cacheMaxBytes, workerScript, workerEnv }: BuildOptions,
  { signal, emit, hasOnlyHits }: { signal: AbortSignal; emit: Emit; hasOnlyHits: () => boolean },
): Promise<void> {
  if (signal.aborted) return;
  const warn = (message: string): void => emit({ type: 'warning', message });
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
