import type { DiffID } from '../../../cache/index.ts';
import { makeTurnstile } from '../../util/turnstile.ts';
import type { Workspace } from './workspace.ts';

/** What is made of layers before a RUN asks for it, of one at a time: several would take as long, and the memory of all. Disposing ends what is under way and waits for it. */
export class LayersAhead implements AsyncDisposable {
  readonly #jobs = new Set<Promise<void>>();
  readonly #inTurn = makeTurnstile(1);
  readonly #end = new AbortController();

  /** What goes wrong is met again, and told, by the RUN that needs the layer. */
  async make(diffID: DiffID, workspace: Workspace): Promise<void> {
    const job = this.#inTurn(() => this.#made(diffID, workspace)).catch(() => undefined);
    this.#jobs.add(job);
    await job;
    this.#jobs.delete(job);
  }

  async #made(diffID: DiffID, workspace: Workspace): Promise<void> {
    await workspace.snapshots().makeAhead(diffID, { signal: this.#end.signal });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#end.abort();
    await Promise.all(this.#jobs);
  }
}
