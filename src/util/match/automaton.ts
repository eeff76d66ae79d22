import { characterAt, type Token } from './tokens.ts';

/**
 * Runs a token list over names by following all its states at once: the time is bounded by tokens times bytes, whatever the
 * pattern. Not reentrant, which synchronous callers cannot notice.
 */
export class Automaton {
  readonly #tokens: readonly Token[];
  /** For each byte position to come, at most a UTF-8 character ahead: the states that are alive there. */
  readonly #alive: Uint8Array[];

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
    this.#alive = [0, 1, 2, 3, 4].map(() => new Uint8Array(tokens.length + 1));
  }

  matches(name: string): boolean {
    return this.#run(name)[this.#tokens.length] === 1;
  }

  /** True when some name that begins with `prefix` could match. */
  couldContinue(prefix: string): boolean {
    return this.#run(prefix).includes(1);
  }

  /** The states alive after the last byte. */
  #run(name: string): Uint8Array {
    const alive = this.#alive;
    for (const states of alive) states.fill(0);
    this.#enter(alive[0] as Uint8Array, 0);
    for (let at = 0; at < name.length; at++) {
      const now = alive[at % 5] as Uint8Array;
      for (let state = 0; state < this.#tokens.length; state++) {
        if (now[state] === 1) this.#step(state, name, at);
      }
      now.fill(0);
    }
    return alive[name.length % 5] as Uint8Array;
  }

  #step(state: number, name: string, at: number): void {
    const token = this.#tokens[state] as Token;
    const code = name.charCodeAt(at);
    const next = this.#alive[(at + 1) % 5] as Uint8Array;
    switch (token.kind) {
      case 'byte':
        if (token.code === code) this.#enter(next, state + 1);
        return;
      case 'star':
        if (code !== 0x2f) this.#enter(next, state);
        return;
      case 'rest':
        next[state] = 1;
        next[state + 1] = 1;
        return;
      case 'directories':
        // stays alive without its way past, which opens only after a slash
        next[state] = 1;
        if (code === 0x2f) this.#enter(next, state + 1);
        return;
      default:
        this.#stepCharacter(state, name, at);
    }
  }

  #stepCharacter(state: number, name: string, at: number): void {
    const token = this.#tokens[state] as Token;
    const { code, length } = characterAt(name, at);
    const taken =
      token.kind === 'any'
        ? code !== 0x2f
        : token.kind === 'class' && token.ranges.some(([low, high]) => low <= code && code <= high) !== token.negated;
    if (taken) this.#enter(this.#alive[(at + length) % 5] as Uint8Array, state + 1);
  }

  /** A state and all those that it reaches without a byte. */
  #enter(states: Uint8Array, first: number): void {
    for (let state = first; ; state++) {
      states[state] = 1;
      const kind = this.#tokens[state]?.kind;
      if (kind !== 'star' && kind !== 'directories' && kind !== 'rest') return;
    }
  }
}
