import type { DiffID } from '../../../cache/index.ts';
import { makeTurnstile } from '../../util/turnstile.ts';
import type { Workspace } from './workspace.ts';

/** What is made of layers before a RUN asks for it, of one at a time: several would take as long, and the memory of all. Disposing ends what is under way and waits for it. */
export class LayersAhead implements AsyncDisposable {
  readonly #inTurn = makeTurnstile(1);
  readonly #end = new AbortController();

  /** What goes wrong is met again, and told, by the RUN that needs the layer. */
  async make(diffID: DiffID, workspace: Workspace): Promise<void> {
    const { signal } = this.#end;
    await this.#inTurn(() => workspace.snapshots().makeAhead(diffID, { signal })).catch(() => undefined);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#end.abort();
    // the last in the queue
    await this.#inTurn(() => Promise.resolve());
  }
}
