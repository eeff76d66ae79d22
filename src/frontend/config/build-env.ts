/**
 * The variables of a stage while it is built: ENV and ARG in one space, the last declaration wins. A variable that is set
 * again moves to the end, as in BuildKit's lists. Values do not change; `with` gives another environment.
 */
export class BuildEnv {
  static readonly EMPTY = new BuildEnv(new Map());
  readonly #values: ReadonlyMap<string, string>;

  private constructor(values: ReadonlyMap<string, string>) {
    this.#values = values;
  }

  static of(pairs: Iterable<readonly [string, string]>): BuildEnv {
    return BuildEnv.EMPTY.with(pairs);
  }

  with(pairs: Iterable<readonly [string, string]>): BuildEnv {
    const values = new Map(this.#values);
    for (const [name, value] of pairs) {
      values.delete(name);
      values.set(name, value);
    }
    return new BuildEnv(values);
  }

  without(name: string): BuildEnv {
    const values = new Map(this.#values);
    values.delete(name);
    return new BuildEnv(values);
  }

  get(name: string): string | undefined {
    return this.#values.get(name);
  }

  has(name: string): boolean {
    return this.#values.has(name);
  }

  names(): readonly string[] {
    return [...this.#values.keys()];
  }

  /** `K=V`, in order. */
  pairs(): readonly string[] {
    return Array.from(this.#values, ([name, value]) => `${name}=${value}`);
  }
}

/** Splits `K=V` at the first `=`; a pair without one has the value ''. */
export function splitPair(pair: string): readonly [string, string] {
  const at = pair.indexOf('=');
  return at < 0 ? [pair, ''] : [pair.slice(0, at), pair.slice(at + 1)];
}

/** The config's Env with one variable set: in its place, or at the end. */
export function withVariable(env: readonly string[], name: string, value: string): readonly string[] {
  const at = env.findIndex((pair) => splitPair(pair)[0] === name);
  const pair = `${name}=${value}`;
  return at < 0 ? [...env, pair] : env.map((old, index) => (index === at ? pair : old));
}
