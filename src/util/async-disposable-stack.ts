type Release = () => void | PromiseLike<void>;

/**
 * The part of ES2026's AsyncDisposableStack that tsbuild uses; Node 20 has Symbol.asyncDispose but not the class.
 * Releases run in reverse order, all of them, also when one throws; then the first error is thrown.
 */
export class DisposableStack implements AsyncDisposable {
  #releases: Release[] = [];

  defer(release: Release): void {
    this.#releases.push(release);
  }

  use<T extends AsyncDisposable>(resource: T): T {
    this.#releases.push(() => resource[Symbol.asyncDispose]());
    return resource;
  }

  /** Hands ownership on: this stack is empty afterwards. */
  move(): DisposableStack {
    const moved = new DisposableStack();
    moved.#releases = this.#releases;
    this.#releases = [];
    return moved;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const errors: unknown[] = [];
    for (let release = this.#releases.pop(); release !== undefined; release = this.#releases.pop()) {
      try {
        await release();
      } catch (error) {
        errors.push(error);
      }
    }
    if (errors.length > 0) throw errors[0];
  }
}
