import { Automaton } from './automaton.ts';
import { parsePattern, type Token } from './tokens.ts';

/** A compiled ignore pattern for whole paths; parents are the matcher's business. */
export interface Glob {
  matches(path: string): boolean;
  /** True when some path strictly below the directory could match. */
  couldMatchBelow(dir: string): boolean;
}

/**
 * Docker's dialect (moby/patternmatcher): filepath.Match plus `**` for any number of directories, `x/**` for all below x, and
 * the quirk that `**name` without a slash matches every path that ends in `name`.
 * @param pattern clean, latin1
 * @throws BadPattern
 */
export function makeGlob(pattern: string): Glob {
  const tokens = parsePattern(pattern, 'patternmatcher');
  if (tokens.every((token) => token.kind === 'byte')) return exactGlob(textOf(tokens));
  const [first, ...others] = tokens;
  if (first?.kind === 'directories' && others.every((token) => token.kind === 'byte')) {
    return suffixGlob(textOf(others), pattern.startsWith('**/'));
  }
  if (tokens.at(-1)?.kind === 'rest' && tokens.slice(0, -1).every((token) => token.kind === 'byte')) {
    return prefixGlob(textOf(tokens.slice(0, -1)));
  }
  return automatonGlob(tokens);
}

function exactGlob(text: string): Glob {
  return { matches: (path) => path === text, couldMatchBelow: (dir) => text.startsWith(`${dir}/`) };
}

function suffixGlob(text: string, atSlash: boolean): Glob {
  const matches = atSlash
    ? (path: string) => path === text || path.endsWith(`/${text}`)
    : (path: string) => path.endsWith(text);
  return { matches, couldMatchBelow: () => true };
}

function prefixGlob(text: string): Glob {
  return {
    matches: (path) => path.startsWith(text),
    couldMatchBelow: (dir) => text.startsWith(`${dir}/`) || `${dir}/`.startsWith(text),
  };
}

function automatonGlob(tokens: readonly Token[]): Glob {
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
