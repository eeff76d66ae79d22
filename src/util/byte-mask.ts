/** Replaces byte strings in a stream, wherever its chunks end. */
export interface ByteMask {
  /** What can be told of the stream up to here; the start of something that may have to be replaced waits for more. */
  push(chunk: Uint8Array): Buffer;
  /** What waits, when nothing more comes. */
  end(): Buffer;
}

const STARS = Buffer.from('***');

/** Needles that overlap are replaced as one. At most as many bytes wait as the longest needle has. */
export function openByteMask(needles: readonly Uint8Array[]): ByteMask {
  const matchers = needles.filter(({ length }) => length > 0).map((needle) => new Matcher(Buffer.from(needle)));
  let held: Buffer = Buffer.alloc(0);
  /** How many of the held bytes belong to something that was replaced already. */
  let hidden = 0;
  /** Needles that begin in the held bytes. */
  let waiting: readonly Interval[] = [];
  const tell = (data: Buffer, intervals: readonly Interval[], safe: number): Buffer => {
    const { bytes, coveredTo } = replaced(data, { safe, hidden, intervals });
    held = data.subarray(safe);
    hidden = Math.max(0, coveredTo - safe);
    waiting = intervals.filter(([from]) => from >= safe).map(([from, to]) => [from - safe, to - safe]);
    return bytes;
  };
  return {
    push(chunk) {
      if (matchers.length === 0) return Buffer.from(chunk);
      const found = matchers.flatMap((matcher) => matcher.feed(chunk, held.length));
      const data = Buffer.concat([held, chunk]);
      const safe = Math.min(...matchers.map(({ pending }) => data.length - pending));
      return tell(data, [...waiting, ...found], safe);
    },
    end() {
      for (const matcher of matchers) matcher.reset();
      return tell(held, waiting, held.length);
    },
  };
}

type Interval = readonly [from: number, to: number];

interface Replacement {
  /** Nothing behind it is told yet. */
  readonly safe: number;
  readonly hidden: number;
  readonly intervals: readonly Interval[];
}

function replaced(data: Buffer, { safe, hidden, intervals }: Replacement): { bytes: Buffer; coveredTo: number } {
  const parts: Buffer[] = [];
  let at = hidden;
  for (const [from, to] of intervals.toSorted(([a], [b]) => a - b)) {
    if (to <= at) continue;
    if (from >= safe) break;
    // What begins inside of what was replaced is part of it.
    if (from >= at) parts.push(data.subarray(at, from), STARS);
    at = to;
  }
  if (at < safe) parts.push(data.subarray(at, safe));
  return { bytes: Buffer.concat(parts), coveredTo: at };
}

/** Knuth, Morris and Pratt: where the needle ends, and how much of it may have begun. */
class Matcher {
  readonly #needle: Buffer;
  readonly #back: Int32Array;
  /** Length of the longest end of the stream that is a start of the needle, and not all of it. */
  pending = 0;

  constructor(needle: Buffer) {
    this.#needle = needle;
    this.#back = fallbacks(needle);
  }

  reset(): void {
    this.pending = 0;
  }

  /** @returns where the needle lies, counted from `offset` bytes before the chunk */
  feed(chunk: Uint8Array, offset: number): Interval[] {
    const needle = this.#needle;
    const found: Interval[] = [];
    let state = this.pending;
    for (let index = 0; index < chunk.length; index += 1) {
      if (state === 0) {
        index = chunk.indexOf(needle[0] ?? 0, index);
        if (index < 0) break;
      }
      state = this.#next(state, chunk[index]);
      if (state < needle.length) continue;
      const to = offset + index + 1;
      found.push([to - needle.length, to]);
      state = this.#back[needle.length - 1] ?? 0;
    }
    this.pending = state;
    return found;
  }

  #next(from: number, byte: number | undefined): number {
    let state = from;
    while (state > 0 && this.#needle[state] !== byte) state = this.#back[state - 1] ?? 0;
    return this.#needle[state] === byte ? state + 1 : 0;
  }
}

/** Of each start of the needle: the length of its longest proper end that is a start, too. */
function fallbacks(needle: Buffer): Int32Array {
  const back = new Int32Array(needle.length);
  for (let index = 1, state = 0; index < needle.length; index += 1) {
    while (state > 0 && needle[index] !== needle[state]) state = back[state - 1] ?? 0;
    if (needle[index] === needle[state]) state += 1;
    back[index] = state;
  }
  return back;
}
