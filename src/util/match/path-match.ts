import { Automaton } from './automaton.ts';
import { parsePathPattern } from './tokens.ts';

/**
 * Go's path.Match. Pattern and name are bytes decoded as latin1.
 * @throws BadPattern
 */
export function makePathMatch(pattern: string): (name: string) => boolean {
  const automaton = new Automaton(parsePathPattern(pattern));
  return (name) => automaton.matches(name);
}

/** True when a path has a character that makes it a pattern; one after a backslash does not count. */
export function hasWildcard(path: string): boolean {
  for (let i = 0; i < path.length; i++) {
    const character = path[i];
    if (character === '\\') i++;
    else if (character === '*' || character === '?' || character === '[') return true;
  }
  return false;
}
