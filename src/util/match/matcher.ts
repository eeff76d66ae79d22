import { latin1Of } from '../rel-path.ts';
import { type Glob, makeGlob } from './glob.ts';
import type { IgnoreRule } from './rules.ts';

/** Paths are RelPaths: latin1, no leading slash. The top ('') is never matched. */
export interface Matcher {
  /**
   * Rules are gone through in order. One that matched the directory above matches again; any other is asked about this very path,
   * and only where it would change something: a `!` rule of what is excluded by then, another one of what is not.
   */
  excludes(path: string): boolean;
  /** The rule that decides, negated ones included; undefined when none does. */
  ruleFor(path: string): IgnoreRule | undefined;
  /** Of an excluded directory: true when a later `!` rule could match something below it, so that it must be entered. */
  couldReinclude(dir: string): boolean;
  /** True when a rule that is not negated could match something strictly below the directory. */
  couldMatchBelow(dir: string): boolean;
}

export interface MatcherOptions {
  /**
   * As a context is walked: when no `!` rule has a wildcard, but for a last `/*` and `/**`, an excluded directory is entered only if one
   * of them begins with its path; everything in another one is excluded.
   */
  readonly entersByName?: boolean;
}

/** @throws BadPattern for rules that did not come from parseIgnoreLines or rulesOf */
export function makeMatcher(rules: readonly IgnoreRule[], { entersByName = false }: MatcherOptions = {}): Matcher {
  const globs = rules.map((rule) => makeGlob(latin1Of(rule.pattern)));
  const judge = new Judge(rules, globs, entersByName ? namesBelow(rules) : undefined);
  return {
    excludes: (path) => rules[judge.decidingIndex(path)]?.negated === false,
    ruleFor: (path) => rules[judge.decidingIndex(path)],
    couldReinclude(dir) {
      const deciding = judge.decidingIndex(dir);
      return (
        judge.enters(dir) &&
        rules.some((rule, i) => i > deciding && rule.negated && (globs[i] as Glob).couldMatchBelow(dir))
      );
    },
    couldMatchBelow: (dir) =>
      rules.some((rule, i) => !rule.negated && (dir === '' || (globs[i] as Glob).couldMatchBelow(dir))),
  };
}

/** Where `!` rules lead, with a slash at the end; undefined when a wildcard may lead anywhere. */
function namesBelow(rules: readonly IgnoreRule[]): readonly string[] | undefined {
  const names = rules
    .filter(({ negated }) => negated)
    .map(({ pattern }) =>
      latin1Of(pattern)
        .replace(/\/\*\*$/, '')
        .replace(/\/\*$/, ''),
    );
  return names.some((name) => /[*[\]?^\\]/.test(name)) ? undefined : names.map((name) => `${name}/`);
}

interface Directory {
  /** By rule: 1 where it matched. */
  readonly matched: Uint8Array;
  readonly deciding: number;
  /** Excluded with all that is in it. */
  readonly isClosed: boolean;
}

/** Goes through the rules for a path; what came out for directories is remembered. */
class Judge {
  readonly #rules: readonly IgnoreRule[];
  readonly #globs: readonly Glob[];
  readonly #names: readonly string[] | undefined;
  readonly #known = new Map<string, Directory>();

  constructor(rules: readonly IgnoreRule[], globs: readonly Glob[], names: readonly string[] | undefined) {
    this.#rules = rules;
    this.#globs = globs;
    this.#names = names;
    this.#known.set('', { matched: new Uint8Array(globs.length), deciding: -1, isClosed: false });
  }

  /** -1 when no rule decides. */
  decidingIndex(path: string): number {
    if (path === '') return -1;
    const parent = this.#directory(parentOf(path));
    return parent.isClosed ? parent.deciding : this.#decide(path, parent.matched);
  }

  /** Of an excluded directory. */
  enters(dir: string): boolean {
    return !this.#directory(parentOf(dir)).isClosed && this.#leadsInto(dir);
  }

  #directory(dir: string): Directory {
    const known = this.#known.get(dir);
    if (known !== undefined) return known;
    const parent = this.#directory(parentOf(dir));
    const found = parent.isClosed ? parent : this.#judgeDirectory(dir, parent);
    this.#known.set(dir, found);
    return found;
  }

  #judgeDirectory(dir: string, parent: Directory): Directory {
    const matched = new Uint8Array(this.#rules.length);
    const deciding = this.#decide(dir, parent.matched, matched);
    const isExcluded = this.#rules[deciding]?.negated === false;
    return { matched, deciding, isClosed: isExcluded && !this.#leadsInto(dir) };
  }

  #leadsInto(dir: string): boolean {
    return this.#names === undefined || this.#names.some((name) => name.startsWith(`${dir}/`));
  }

  #decide(path: string, parent: Uint8Array, matched?: Uint8Array): number {
    let deciding = -1;
    let isExcluded = false;
    for (let i = 0; i < this.#rules.length; i++) {
      const { negated } = this.#rules[i] as IgnoreRule;
      if (parent[i] !== 1 && (negated !== isExcluded || !(this.#globs[i] as Glob).matches(path))) continue;
      if (matched !== undefined) matched[i] = 1;
      deciding = i;
      isExcluded = !negated;
    }
    return deciding;
  }
}

function parentOf(path: string): string {
  return path.slice(0, Math.max(path.lastIndexOf('/'), 0));
}
