import { BuildError } from '../errors.ts';
import type { startWorker, Worker } from '../worker/client/index.ts';
import type { RunReply, RunRequest } from '../worker/protocol.ts';

export interface WorkerHolder extends AsyncDisposable {
  /** Does not wait; what goes wrong is thrown by the next run. */
  start(): void;
  /** No RUN is expected any more: it tidies up and ends meanwhile. One that comes all the same has another. */
  dismiss(): void;
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
  let remain = leftovers.length;
  const ends: Promise<void>[] = [];
  const started = (): Promise<Worker> => {
    remain = 0;
    worker ??= start();
    return worker;
  };
  const dismiss = (): void => {
    if (worker === undefined) return;
    const end = worker.then(
      (running) => running[Symbol.asyncDispose](),
      () => undefined,
    );
    end.catch(() => undefined);
    ends.push(end);
    worker = undefined;
  };
  return {
    start() {
      started().catch(() => undefined);
    },
    dismiss,
    async run(request, options) {
      options.signal.throwIfAborted();
      const reply = await (await started()).run(request, options);
      if (options.signal.aborted) throw new BuildError('cancelled', 'the build was cancelled');
      return reply;
    },
    async [Symbol.asyncDispose]() {
      if (remain > 0) started().catch(() => undefined);
      dismiss();
      await Promise.all(ends);
    },
  };
}
