import { latin1Of } from '../rel-path.ts';
import { type Glob, makeGlob } from './glob.ts';
import type { IgnoreRule } from './rules.ts';

/** Paths are RelPaths: latin1, no leading slash. The top ('') is never matched. */
export interface Matcher {
  /** The last rule that matches the path or one of its parents decides. */
  excludes(path: string): boolean;
  /** The rule that decides, negated ones included; undefined when none matches. */
  ruleFor(path: string): IgnoreRule | undefined;
  /** Of an excluded directory: true when a later `!` rule could match something below it, so that it must be entered. */
  couldReinclude(dir: string): boolean;
  /** True when a rule that is not negated could match something strictly below the directory. */
  couldMatchBelow(dir: string): boolean;
}

/** @throws BadPattern for rules that did not come from parseIgnoreLines or rulesOf */
export function makeMatcher(rules: readonly IgnoreRule[]): Matcher {
  const globs = rules.map((rule) => makeGlob(latin1Of(rule.pattern)));
  const decided = new ParentMatches(globs);
  const decidingIndex = (path: string) => {
    if (path === '') return -1;
    const parent = decided.of(path.slice(0, Math.max(path.lastIndexOf('/'), 0)));
    for (let i = globs.length - 1; i >= 0; i--) {
      if (parent[i] === 1 || (globs[i] as Glob).matches(path)) return i;
    }
    return -1;
  };
  return {
    excludes: (path) => rules[decidingIndex(path)]?.negated === false,
    ruleFor: (path) => rules[decidingIndex(path)],
    couldReinclude(dir) {
      const deciding = decidingIndex(dir);
      return rules.some((rule, i) => i > deciding && rule.negated && (globs[i] as Glob).couldMatchBelow(dir));
    },
    couldMatchBelow: (dir) =>
      rules.some((rule, i) => !rule.negated && (dir === '' || (globs[i] as Glob).couldMatchBelow(dir))),
  };
}

/** Which rules match a directory or one of its parents, remembered a directory. */
class ParentMatches {
  readonly #globs: readonly Glob[];
  readonly #known = new Map<string, Uint8Array>();

  constructor(globs: readonly Glob[]) {
    this.#globs = globs;
    this.#known.set('', new Uint8Array(globs.length));
  }

  of(dir: string): Uint8Array {
    const known = this.#known.get(dir);
    if (known !== undefined) return known;
    const parent = this.of(dir.slice(0, Math.max(dir.lastIndexOf('/'), 0)));
    const matches = Uint8Array.from(this.#globs, (glob, i) => (parent[i] === 1 || glob.matches(dir) ? 1 : 0));
    this.#known.set(dir, matches);
    return matches;
  }
}
