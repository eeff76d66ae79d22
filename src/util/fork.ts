/** One stream and its two readers. */
export interface Fork {
  /** The source's chunks. Waits for the side reader, so that no more than the limit lies between the two. */
  readonly main: AsyncIterable<Uint8Array>;
  /** The same chunks. It ends as main ends: at the source's end, with its error, or with one that says that main's reader has left. */
  readonly side: AsyncIterable<Uint8Array>;
  /** Main no longer waits, and the side gets no more than this error. Does nothing after the end. */
  readonly close: (error: Error) => void;
}

/** @param limitBytes a chunk goes to the side when less than so much lies there */
export function fork(source: AsyncIterable<Uint8Array>, limitBytes: number): Fork {
  const between = new Between(limitBytes);
  return { main: mainOf(source, between), side: between.chunks(), close: (error) => between.end(error) };
}

async function* mainOf(source: AsyncIterable<Uint8Array>, side: Between): AsyncGenerator<Uint8Array> {
  try {
    for await (const chunk of source) {
      await side.room();
      side.push(chunk);
      yield chunk;
    }
    side.end();
  } catch (error) {
    side.end(error as Error);
    throw error;
  } finally {
    side.end(new Error('the reader of the stream has left'));
  }
}

/** What waits for the side reader. */
class Between {
  readonly #limitBytes: number;
  #chunks: Uint8Array[] = [];
  #bytes = 0;
  #end: { readonly error: Error | undefined } | undefined;
  #wake: () => void = () => undefined;

  constructor(limitBytes: number) {
    this.#limitBytes = limitBytes;
  }

  async room(): Promise<void> {
    while (this.#end === undefined && this.#bytes >= this.#limitBytes) await this.#change();
  }

  push(chunk: Uint8Array): void {
    if (this.#end !== undefined) return;
    this.#chunks.push(chunk);
    this.#bytes += chunk.length;
    this.#wake();
  }

  end(error?: Error): void {
    if (this.#end !== undefined) return;
    this.#end = { error };
    if (error !== undefined) this.#chunks = [];
    this.#wake();
  }

  async *chunks(): AsyncGenerator<Uint8Array> {
    try {
      for (;;) {
        const chunk = this.#chunks.shift();
        if (chunk !== undefined) {
          this.#bytes -= chunk.length;
          this.#wake();
          yield chunk;
        } else if (this.#end === undefined) await this.#change();
        else if (this.#end.error === undefined) return;
        else throw this.#end.error;
      }
    } finally {
      this.end(new Error('the side reader has left'));
    }
  }

  /** Only one side waits at a time: the one for chunks, the other for room. */
  #change(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }
}
