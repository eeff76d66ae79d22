import { BuildError } from '../../errors.ts';

/** A shell pattern of `${x#p}` and the like: `*`, `?`, literals and escapes; no bracket classes. */
export type Pattern = readonly (string | typeof ANY | typeof ONE)[];

const ANY = Symbol('*');
const ONE = Symbol('?');

/** @throws BuildError expansion-failed for an escape that means nothing */
export function parsePattern(text: string): Pattern {
  const parts: (string | typeof ANY | typeof ONE)[] = [];
  const chars = [...text];
  for (let index = 0; index < chars.length; index += 1) {
    const char = chars[index] ?? '';
    if (char === '*') {
      if (parts.at(-1) !== ANY) parts.push(ANY);
    } else if (char === '?') parts.push(ONE);
    else if (char === '\\') {
      index += 1;
      const escaped = chars[index];
      if (escaped === undefined || !'*?\\}/'.includes(escaped)) {
        throw new BuildError('expansion-failed', `invalid escape '\\${escaped ?? ''}' in a pattern`, {
          hint: 'only \\*, \\?, \\\\, \\} and \\/ can be escaped',
        });
      }
      parts.push(escaped);
    } else parts.push(char);
  }
  return parts;
}

/** `${x#p}`, `${x##p}`: without the shortest, or longest, prefix that matches. */
export function trimPrefix(value: string, pattern: Pattern, greedy: boolean): string {
  const chars = [...value];
  const ends = matchEnds(chars, 0, pattern);
  const end = greedy ? ends.at(-1) : ends[0];
  return end === undefined ? value : chars.slice(end).join('');
}

/** `${x%p}`, `${x%%p}`. */
export function trimSuffix(value: string, pattern: Pattern, greedy: boolean): string {
  const reversed = [...value].reverse().join('');
  return [...trimPrefix(reversed, [...pattern].reverse(), greedy)].reverse().join('');
}

/** `${x/p/r}` and `${x//p/r}`: the leftmost longest match, or all of them. */
export function replacePattern(
  value: string,
  { pattern, replacement, all }: { pattern: Pattern; replacement: string; all: boolean },
): string {
  const chars = [...value];
  let result = '';
  let at = 0;
  let afterMatch = -1;
  while (at <= chars.length) {
    const end = matchEnds(chars, at, pattern).at(-1);
    // Go's ReplaceAll: an empty match directly after another match does not count
    if (end === undefined || (end === at && at === afterMatch)) {
      result += chars[at] ?? '';
      at += 1;
      continue;
    }
    result += replacement;
    if (!all) return result + chars.slice(end).join('');
    afterMatch = end;
    if (end === at) result += chars[at] ?? '';
    at = end === at ? at + 1 : end;
  }
  return result;
}

/**
 * Every position at which a match that begins at `start` can end, ascending. One pass over the value with the set of pattern
 * positions: no input makes it slower than the product of both lengths.
 */
function matchEnds(chars: readonly string[], start: number, pattern: Pattern): number[] {
  const ends: number[] = [];
  let states = closure(new Set([0]), pattern);
  for (let at = start; ; at += 1) {
    if (states.has(pattern.length)) ends.push(at);
    const char = chars[at];
    if (char === undefined || states.size === 0) return ends;
    const next = new Set<number>();
    for (const state of states) {
      const part = pattern[state];
      // as in BuildKit, where these are regular expressions, no wildcard matches a line end
      if (part === ANY && char !== '\n') next.add(state);
      else if ((part === ONE && char !== '\n') || part === char) next.add(state + 1);
    }
    states = closure(next, pattern);
  }
}

function closure(states: Set<number>, pattern: Pattern): Set<number> {
  for (const state of states) if (pattern[state] === ANY) states.add(state + 1);
  return states;
}
