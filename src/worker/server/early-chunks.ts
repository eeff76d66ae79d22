import { Worker } from 'node:worker_threads';
import type { EarlyWork } from './early-chunks-lookout.ts';
import type { EarlyOrder } from './early-chunks-thread.ts';

/** Most RUNs are over by then. */
const PATIENCE_MS = 1500;

/**
 * Deflates large files of RUNs while these still run, so that less is left to do when their layers are exported: in a thread of its own, which
 * gets the time that nobody else wants. Nobody waits for it, and nothing goes wrong without it.
 */
export class EarlyChunks {
  readonly #script: string;
  #thread: Worker | undefined;
  #hasFailed = false;
  #count = 0;

  /** @param script what this process was started with */
  constructor(script: string) {
    this.#script = script;
  }

  /** From some time on, until it is disposed. */
  watch(work: EarlyWork): Disposable {
    const id = ++this.#count;
    let isBegun = false;
    const timer = setTimeout(() => {
      isBegun = true;
      this.#tell({ type: 'begin', id, work });
    }, PATIENCE_MS);
    timer.unref();
    return {
      [Symbol.dispose]: () => {
        clearTimeout(timer);
        if (isBegun) this.#tell({ type: 'end', id });
      },
    };
  }

  #tell(order: EarlyOrder): void {
    if (this.#hasFailed) return;
    this.#thread ??= this.#start();
    this.#thread.postMessage(order);
  }

  #start(): Worker {
    const thread = new Worker(this.#script, { resourceLimits: { maxOldGenerationSizeMb: HEAP_MB } });
    thread.once('error', () => {
      this.#hasFailed = true;
    });
    thread.unref();
    return thread;
  }
}

const HEAP_MB = 64;
