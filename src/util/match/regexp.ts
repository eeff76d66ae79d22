import { parseClass, perlClass } from './regexp-class.ts';
import { parseEscape } from './regexp-escape.ts';
import { BadPattern, type Takes, type Token } from './tokens.ts';

/**
 * A pattern of moby/patternmatcher with wildcards, as the regular expression that it makes of it: only `.+()|{}$` are escaped there, so
 * that `\d` is a digit, `^` holds at the start alone, and a wildcard within brackets ends the class.
 * @throws BadPattern for what Go's regexp refuses, and for `\Q`, `\p` and a backslash at the end
 */
export function parseRegexpOf(pattern: string): readonly Token[] {
  const text = regexpText(pattern);
  const tokens: Token[] = [];
  let at = 0;
  while (at < text.length) {
    const { token, end } = parseToken(text, at, pattern);
    tokens.push(token);
    at = end;
  }
  return tokens;
}

const DIRECTORIES = '(.*/)?';
const REST = '.*';
const NO_SLASH = '[^/]';

function regexpText(pattern: string): string {
  return pattern.replace(/\*\*\/?|\\.|[*?.+()|{}$]/gs, (piece, at: number) => {
    if (piece.startsWith('\\')) return piece;
    if (piece.startsWith('**')) return at + piece.length === pattern.length ? REST : DIRECTORIES;
    if (piece === '*') return `${NO_SLASH}*`;
    return piece === '?' ? NO_SLASH : `\\${piece}`;
  });
}

interface Parsed {
  readonly token: Token;
  readonly end: number;
}

function parseToken(text: string, at: number, pattern: string): Parsed {
  switch (text[at]) {
    case '(':
      return { token: { kind: 'directories' }, end: at + DIRECTORIES.length };
    case '.':
      return { token: { kind: 'rest' }, end: at + REST.length };
    case '^':
      return { token: ASSERTIONS.A, end: at + 1 };
    case '[': {
      const { takes, end } = parseClass(text, at + 1, pattern);
      const isRepeated = text[end] === '*';
      return { token: { kind: 'character', takes, isRepeated }, end: isRepeated ? end + 1 : end };
    }
    case '\\':
      return parseBackslash(text, at, pattern);
    default:
      return { token: { kind: 'byte', code: text.charCodeAt(at) }, end: at + 1 };
  }
}

function parseBackslash(text: string, at: number, pattern: string): Parsed {
  const letter = text[at + 1];
  if (letter === undefined) throw new BadPattern(pattern);
  if (letter === 'A' || letter === 'z' || letter === 'b' || letter === 'B') {
    return { token: ASSERTIONS[letter], end: at + 2 };
  }
  const known = perlClass(letter);
  if (known !== undefined) return { token: one(known), end: at + 2 };
  const { code, end } = parseEscape(text, at + 1, pattern);
  return { token: code < 0x80 ? { kind: 'byte', code } : one((other) => other === code), end };
}

function one(takes: Takes): Token {
  return { kind: 'character', takes, isRepeated: false };
}

const ASSERTIONS = {
  A: { kind: 'assertion', holds: (_name, at) => at === 0 },
  z: { kind: 'assertion', holds: (name, at) => at === name.length },
  b: { kind: 'assertion', holds: isBoundary },
  B: { kind: 'assertion', holds: (name, at) => !isBoundary(name, at) },
} satisfies { readonly [letter: string]: Token };

function isBoundary(name: string, at: number): boolean {
  return isWord(name[at - 1]) !== isWord(name[at]);
}

function isWord(character: string | undefined): boolean {
  return character !== undefined && /\w/.test(character);
}
