import type { DiffID } from '../../cache/index.ts';
import { BuildError } from '../errors.ts';
import type { BuildEvent, Emit } from '../progress/index.ts';
import type { startWorker, Worker } from '../worker/client/index.ts';
import type { RunReply, RunRequest } from '../worker/protocol.ts';

export interface WorkerHolder extends AsyncDisposable {
  /** A RUN is sure to come. Does not wait; what goes wrong is thrown by the next run. */
  start(): void;
  /** A RUN may well come. Until it does nothing is told of the worker. */
  startAhead(): void;
  /** The layer is here, and a RUN on it is sure to come: its lower can be made. Does not wait. */
  makeAhead(diffID: DiffID): void;
  /** No RUN is expected any more: it tidies up and ends meanwhile. One that comes all the same has another. */
  dismiss(): void;
  /** Caches of these ids start anew, once, before the first RUN. */
  retire(ids: readonly string[]): void;
  run(
    request: RunRequest,
    options: { signal: AbortSignal; onOutput: (stream: 'stdout' | 'stderr', data: Uint8Array) => void },
  ): Promise<RunReply>;
}

export interface WorkerDeps {
  readonly start: (options: { readonly emit: Emit; readonly signal: AbortSignal }) => ReturnType<typeof startWorker>;
  readonly emit: Emit;
  /** What killed builds have left that only a worker can remove; it does so when it starts. */
  readonly leftovers: readonly string[];
}

/**
 * The one worker of a build, started when the first RUN needs it or is likely to; else a build of hits has one only to remove what there is
 * of leftovers, at its end. Where no worker can be started those stay.
 */
export function makeWorkerHolder({ start, leftovers, emit }: WorkerDeps): WorkerHolder {
  let worker: Promise<Worker> | undefined;
  let remain = leftovers.length;
  const ends: Promise<void>[] = [];
  const untold: BuildEvent[] = [];
  const retirement = makeRetirement();
  let isNeeded = leftovers.length > 0;
  const tell: Emit = (event) => {
    if (isNeeded) emit(event);
    else untold.push(event);
  };
  let starting = new AbortController();
  const launched = (): Promise<Worker> => {
    remain = 0;
    if (worker !== undefined) return worker;
    starting = new AbortController();
    worker = start({ emit: tell, signal: starting.signal });
    return worker;
  };
  const started = (): Promise<Worker> => {
    isNeeded = true;
    for (const event of untold.splice(0)) emit(event);
    return launched();
  };
  const dismiss = (): void => {
    if (worker === undefined) return;
    // Nothing was asked of it: it need not come to its start.
    if (!isNeeded) starting.abort();
    ends.push(endOf(worker));
    worker = undefined;
  };
  return {
    start() {
      started().catch(() => undefined);
    },
    startAhead() {
      launched().catch(() => undefined);
    },
    makeAhead(diffID) {
      worker?.then((running) => running.makeAhead(diffID)).catch(() => undefined);
    },
    dismiss,
    retire: (ids) => retirement.of(ids),
    async run(request, options) {
      options.signal.throwIfAborted();
      const ready = await retirement.doneBy(await started());
      const reply = await ready.run(request, options);
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

/** Whoever waits for it hears what went wrong. */
function endOf(worker: Promise<Worker>): Promise<void> {
  const end = worker.then(
    (running) => running[Symbol.asyncDispose](),
    () => undefined,
  );
  end.catch(() => undefined);
  return end;
}

/** Asked of the first worker that has a RUN. */
function makeRetirement() {
  let wanted: readonly string[] = [];
  let done: Promise<void> | undefined;
  return {
    of(ids: readonly string[]): void {
      wanted = ids;
    },
    async doneBy(worker: Worker): Promise<Worker> {
      done ??= wanted.length === 0 ? Promise.resolve() : worker.retire(wanted);
      await done;
      return worker;
    },
  };
}
