/**
 * The variables of a stage while it is built: ENV and ARG in one space, the last declaration wins. A variable that is set
 * again moves to the end, as in BuildKit's lists. Values do not change; `with` gives another environment, at the cost of what it sets:
 * environments that follow from each other share one journal and see it up to their own length.
 */
export class BuildEnv {
  readonly #journal: Journal;
  readonly #length: number;
  #pairs: readonly string[] | undefined;

  private constructor(journal: Journal, length: number) {
    this.#journal = journal;
    this.#length = length;
  }

  static get EMPTY(): BuildEnv {
    return new BuildEnv({ entries: [], places: new Map() }, 0);
  }

  static of(pairs: Iterable<readonly [string, string]>): BuildEnv {
    return BuildEnv.EMPTY.with(pairs);
  }

  with(pairs: Iterable<readonly [string, string]>): BuildEnv {
    const isLatest = this.#journal.entries.length === this.#length;
    const journal = isLatest ? this.#journal : journalOf(this.#seen());
    for (const [name, value] of pairs) append(journal, name, value);
    return new BuildEnv(journal, journal.entries.length);
  }

  without(name: string): BuildEnv {
    return BuildEnv.of([...this.#seen()].filter(([other]) => other !== name));
  }

  get(name: string): string | undefined {
    const at = this.#placeOf(name);
    return at === undefined ? undefined : this.#journal.entries[at]?.[1];
  }

  has(name: string): boolean {
    return this.#placeOf(name) !== undefined;
  }

  names(): readonly string[] {
    return Array.from(this.#seen(), ([name]) => name);
  }

  /** `K=V`, in order; the same list each time. */
  pairs(): readonly string[] {
    this.#pairs ??= Array.from(this.#seen(), ([name, value]) => `${name}=${value}`);
    return this.#pairs;
  }

  *#seen(): Generator<readonly [string, string]> {
    const { entries } = this.#journal;
    for (let at = 0; at < this.#length; at++) {
      const entry = entries[at];
      if (entry !== undefined && this.#placeOf(entry[0]) === at) yield entry;
    }
  }

  /** The last place before this environment's end where the name was set. */
  #placeOf(name: string): number | undefined {
    const places = this.#journal.places.get(name) ?? [];
    let low = 0;
    let high = places.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((places[middle] ?? 0) < this.#length) low = middle + 1;
      else high = middle;
    }
    return places[low - 1];
  }
}

/** Everything that was ever set, in order, and where by name. */
interface Journal {
  readonly entries: (readonly [string, string])[];
  readonly places: Map<string, number[]>;
}

function journalOf(entries: Iterable<readonly [string, string]>): Journal {
  const journal: Journal = { entries: [], places: new Map() };
  for (const [name, value] of entries) append(journal, name, value);
  return journal;
}

function append({ entries, places }: Journal, name: string, value: string): void {
  const known = places.get(name);
  if (known === undefined) places.set(name, [entries.length]);
  else known.push(entries.length);
  entries.push([name, value]);
}

/** Splits `K=V` at the first `=`; a pair without one has the value ''. */
export function splitPair(pair: string): readonly [string, string] {
  const at = pair.indexOf('=');
  return at < 0 ? [pair, ''] : [pair.slice(0, at), pair.slice(at + 1)];
}
