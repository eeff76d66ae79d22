import { assertNever } from '../assert-never.ts';
import { characterAt, type Token } from './tokens.ts';

/**
 * Runs a token list over names by following all its states at once: the time is bounded by tokens times bytes, whatever the
 * pattern. Not reentrant, which synchronous callers cannot notice.
 */
export class Automaton {
  readonly #tokens: readonly Token[];
  /** For each byte position to come, at most a UTF-8 character ahead: the states that are alive there. */
  readonly #alive: Uint8Array[];
  #name = '';
  #isPrefix = false;

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
    this.#alive = [0, 1, 2, 3, 4].map(() => new Uint8Array(tokens.length + 1));
  }

  matches(name: string): boolean {
    return this.#run(name, false)[this.#tokens.length] === 1;
  }

  /** True when some name that begins with `prefix` could match. */
  couldContinue(prefix: string): boolean {
    return this.#run(prefix, true).includes(1);
  }

  /** The states alive after the last byte; what is asserted there holds when more may follow. */
  #run(name: string, isPrefix: boolean): Uint8Array {
    const alive = this.#alive;
    for (const states of alive) states.fill(0);
    this.#name = name;
    this.#isPrefix = isPrefix;
    this.#enter(0, 0);
    for (let at = 0; at < name.length; at++) {
      const now = alive[at % 5] as Uint8Array;
      for (let state = 0; state < this.#tokens.length; state++) {
        if (now[state] === 1) this.#step(state, at);
      }
      now.fill(0);
    }
    return alive[name.length % 5] as Uint8Array;
  }

  #step(state: number, at: number): void {
    const token = this.#tokens[state] as Token;
    const code = this.#name.charCodeAt(at);
    const next = this.#alive[(at + 1) % 5] as Uint8Array;
    switch (token.kind) {
      case 'byte':
        if (token.code === code) this.#enter(at + 1, state + 1);
        return;
      case 'character':
        this.#stepCharacter(token, state, at);
        return;
      case 'star':
        if (code !== SLASH) this.#enter(at + 1, state);
        return;
      case 'rest':
        if (code !== LINE_FEED) this.#enter(at + 1, state);
        return;
      case 'directories':
        // stays alive without its way past, which opens only after a slash
        if (code !== LINE_FEED) next[state] = 1;
        if (code === SLASH) this.#enter(at + 1, state + 1);
        return;
      case 'assertion':
        return;
      default:
        assertNever(token);
    }
  }

  #stepCharacter({ takes, isRepeated }: Extract<Token, { kind: 'character' }>, state: number, at: number): void {
    const { code, length } = characterAt(this.#name, at);
    if (takes(code)) this.#enter(at + length, isRepeated ? state : state + 1);
  }

  /** A state and all those that it reaches without a byte. */
  #enter(at: number, first: number): void {
    const states = this.#alive[at % 5] as Uint8Array;
    for (let state = first; ; state++) {
      states[state] = 1;
      const token = this.#tokens[state];
      if (token === undefined || !this.#passes(token, at)) return;
    }
  }

  #passes(token: Token, at: number): boolean {
    switch (token.kind) {
      case 'byte':
        return false;
      case 'character':
        return token.isRepeated;
      case 'assertion':
        return token.holds(this.#name, at) || (this.#isPrefix && at === this.#name.length);
      default:
        return true;
    }
  }
}

const SLASH = 0x2f;
const LINE_FEED = 0x0a;
