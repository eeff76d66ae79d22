import { BuildError } from '../errors.ts';
import type { startWorker, Worker } from '../worker/client/index.ts';
import type { RunReply, RunRequest } from '../worker/protocol.ts';

export interface WorkerHolder extends AsyncDisposable {
  /** Does not wait; what goes wrong is thrown by the next run. */
  start(): void;
  run(
    request: RunRequest,
    options: { signal: AbortSignal; onOutput: (stream: 'stdout' | 'stderr', data: Uint8Array) => void },
  ): Promise<RunReply>;
}

export interface WorkerDeps {
  readonly start: () => ReturnType<typeof startWorker>;
  /** What killed builds have left that only a worker can remove; it does so when it starts. */
  readonly leftovers: readonly string[];
}

/**
 * The one worker of a build, started when the first RUN needs it; a cached build never does, but at its end to remove what there is of
 * leftovers. Where no worker can be started those stay.
 */
export function makeWorkerHolder({ start, leftovers }: WorkerDeps): WorkerHolder {
  let worker: Promise<Worker> | undefined;
  const started = (): Promise<Worker> => (worker ??= start());
  return {
    start() {
      started().catch(() => undefined);
    },
    async run(request, options) {
      options.signal.throwIfAborted();
      const reply = await (await started()).run(request, options);
      if (options.signal.aborted) throw new BuildError('cancelled', 'the build was cancelled');
      return reply;
    },
    async [Symbol.asyncDispose]() {
      const last = leftovers.length === 0 ? worker : started();
      const running = await last?.catch(() => undefined);
      await running?.[Symbol.asyncDispose]();
    },
  };
}
