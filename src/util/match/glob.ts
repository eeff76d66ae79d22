import { Automaton } from './automaton.ts';
import { parseRegexpOf } from './regexp.ts';
import { parsePathPattern, type Token } from './tokens.ts';

/** A compiled ignore pattern for whole paths; parents are the matcher's business. */
export interface Glob {
  matches(path: string): boolean;
  /** True when some path strictly below the directory could match. */
  couldMatchBelow(dir: string): boolean;
}

/**
 * Docker's dialect (moby/patternmatcher): a regular expression is made of the pattern, in which `*` and `?` take no slash and `**` any
 * number of directories; `x/**` is all below x, and `**name` without a slash is every path that ends in `name`. What has no other
 * wildcard is compared as it stands.
 * @param pattern clean, latin1
 * @throws BadPattern
 */
export function makeGlob(pattern: string): Glob {
  parsePathPattern(firstChunk(pattern));
  const stars = /^(\*\*)?[^*?[\]\\]*(\*\*)?$/.exec(pattern);
  const [, before, after] = stars ?? [];
  if (stars === null || (before !== undefined && after !== undefined)) return regexpGlob(parseRegexpOf(pattern));
  if (before !== undefined) return suffixGlob(pattern.slice(2));
  return after === undefined ? exactGlob(pattern) : prefixGlob(pattern.slice(0, -2));
}

/** Go looks for mistakes with path.Match, and no further than it goes when asked about `.`: up to the first star after something else. */
function firstChunk(pattern: string): string {
  return /^\**(?:\\.|\[(?:\\.|[^\]\\])*\]?|[^*[\\])*\\?/s.exec(pattern)?.[0] ?? '';
}

function exactGlob(text: string): Glob {
  return { matches: (path) => path === text, couldMatchBelow: (dir) => text.startsWith(`${dir}/`) };
}

/** A leading slash is the start of the path, too. */
function suffixGlob(text: string): Glob {
  const whole = text.startsWith('/') ? text.slice(1) : undefined;
  return { matches: (path) => path.endsWith(text) || path === whole, couldMatchBelow: () => true };
}

function prefixGlob(text: string): Glob {
  return {
    matches: (path) => path.startsWith(text),
    couldMatchBelow: (dir) => text.startsWith(`${dir}/`) || `${dir}/`.startsWith(text),
  };
}

function regexpGlob(tokens: readonly Token[]): Glob {
  const automaton = new Automaton(tokens);
  const prefix = textOf(tokens.slice(0, firstWild(tokens)));
  const suffix = textOf(tokens.slice(lastWild(tokens) + 1));
  return {
    matches: (path) => path.startsWith(prefix) && path.endsWith(suffix) && automaton.matches(path),
    couldMatchBelow: (dir) => automaton.couldContinue(`${dir}/`),
  };
}

function firstWild(tokens: readonly Token[]): number {
  return tokens.findIndex((token) => token.kind !== 'byte');
}

function lastWild(tokens: readonly Token[]): number {
  return tokens.findLastIndex((token) => token.kind !== 'byte');
}

function textOf(tokens: readonly Token[]): string {
  return tokens.map((token) => (token.kind === 'byte' ? String.fromCharCode(token.code) : '')).join('');
}
