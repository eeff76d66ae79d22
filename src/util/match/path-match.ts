import { Automaton } from './automaton.ts';
import { parsePattern } from './tokens.ts';

/**
 * Go's filepath.Match: `*` and `?` never take a slash, `[a-z]` and `[^x]` classes, `\` escapes. Pattern and name are bytes
 * decoded as latin1.
 * @throws BadPattern
 */
export function makePathMatch(pattern: string): (name: string) => boolean {
  const automaton = new Automaton(parsePattern(pattern, 'filepath'));
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
