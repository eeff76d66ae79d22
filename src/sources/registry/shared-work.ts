/** Runs work once for all who wait for the same key; it is cancelled when the last of them has gone. */
export class SharedWork {
  readonly #running = new Map<string, { promise: Promise<void>; stop: AbortController; waiting: number }>();

  async join(key: string, signal: AbortSignal, work: (signal: AbortSignal) => Promise<void>): Promise<void> {
    signal.throwIfAborted();
    const job = this.#running.get(key) ?? this.#start(key, work);
    job.waiting++;
    try {
      await untilAborted(job.promise, signal);
    } finally {
      if (--job.waiting === 0) job.stop.abort(signal.reason);
    }
  }

  #start(key: string, work: (signal: AbortSignal) => Promise<void>) {
    const stop = new AbortController();
    const promise = work(stop.signal).finally(() => {
      if (this.#running.get(key)?.stop === stop) this.#running.delete(key);
    });
    promise.catch(() => undefined);
    const job = { promise, stop, waiting: 0 };
    stop.signal.addEventListener('abort', () => {
      if (this.#running.get(key) === job) this.#running.delete(key);
    });
    this.#running.set(key, job);
    return job;
  }
}

function untilAborted(promise: Promise<void>, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason as Error);
    signal.addEventListener('abort', abort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
}
