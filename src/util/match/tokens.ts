/** One piece of a compiled pattern. Patterns and names are bytes decoded as latin1; a character is a whole one of UTF-8. */
export type Token =
  | { readonly kind: 'byte'; readonly code: number }
  | { readonly kind: 'character'; readonly takes: Takes; readonly isRepeated: boolean }
  /** `*` of filepath.Match: any run of bytes without a slash. */
  | { readonly kind: 'star' }
  /** `**`: nothing, or any run that ends in a slash, without a line feed. */
  | { readonly kind: 'directories' }
  /** `**` at the end: anything without a line feed. */
  | { readonly kind: 'rest' }
  /** Takes nothing. */
  | { readonly kind: 'assertion'; readonly holds: (name: string, at: number) => boolean };

/** Of a character, by its code point. */
export type Takes = (code: number) => boolean;

/** A pattern that Go refuses: an open bracket, an empty class, a backslash at the end. */
export class BadPattern extends Error {
  override readonly name = 'BadPattern';
}

const SLASH = 0x2f;
const BACKSLASH = 0x5c;
const STAR = 0x2a;
const QUESTION = 0x3f;
const OPEN = 0x5b;
const CLOSE = 0x5d;
const CARET = 0x5e;
const DASH = 0x2d;

/**
 * As Go's path.Match reads a pattern: `*` and `?` never take a slash, `[a-z]` and `[^x]` classes, `\` escapes.
 * @throws BadPattern
 */
export function parsePathPattern(pattern: string): readonly Token[] {
  const tokens: Token[] = [];
  let at = 0;
  while (at < pattern.length) {
    const { token, end } = parseToken(pattern, at);
    // a second star adds nothing, but states to follow
    if (token.kind !== 'star' || tokens.at(-1)?.kind !== 'star') tokens.push(token);
    at = end;
  }
  return tokens;
}

interface Parsed {
  readonly token: Token;
  readonly end: number;
}

function parseToken(pattern: string, at: number): Parsed {
  const code = pattern.charCodeAt(at);
  switch (code) {
    case STAR:
      return { token: { kind: 'star' }, end: at + 1 };
    case QUESTION:
      return { token: { kind: 'character', takes: isNoSlash, isRepeated: false }, end: at + 1 };
    case OPEN:
      return parseClass(pattern, at + 1);
    case BACKSLASH:
      if (at + 1 >= pattern.length) throw new BadPattern(pattern);
      return { token: { kind: 'byte', code: pattern.charCodeAt(at + 1) }, end: at + 2 };
    default:
      return { token: { kind: 'byte', code }, end: at + 1 };
  }
}

function isNoSlash(code: number): boolean {
  return code !== SLASH;
}

const REPLACEMENT = 0xfffd;

/** The character at a position, and how many bytes it has; a byte that is no UTF-8 is one, too. */
export function characterAt(bytes: string, at: number): { readonly code: number; readonly length: number } {
  const first = bytes.charCodeAt(at);
  const length = first < 0xc2 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : first < 0xf5 ? 4 : 1;
  if (length === 1) return { code: first < 0x80 ? first : REPLACEMENT, length: 1 };
  let code = first & (0xff >> (length + 1));
  for (let i = 1; i < length; i++) {
    const next = bytes.charCodeAt(at + i);
    // NaN past the end fails this test too
    if (!(next >= 0x80 && next < 0xc0)) return { code: REPLACEMENT, length: 1 };
    code = (code << 6) | (next & 0x3f);
  }
  return { code, length };
}

function parseClass(pattern: string, start: number): Parsed {
  let at = start;
  const negated = pattern.charCodeAt(at) === CARET;
  if (negated) at++;
  const ranges: [number, number][] = [];
  while (ranges.length === 0 || pattern.charCodeAt(at) !== CLOSE) {
    const low = classCharacter(pattern, at);
    at = low.end;
    let high = low;
    if (pattern.charCodeAt(at) === DASH) {
      high = classCharacter(pattern, at + 1);
      at = high.end;
    }
    ranges.push([low.code, high.code]);
  }
  const takes = (code: number) => ranges.some(([low, high]) => low <= code && code <= high) !== negated;
  return { token: { kind: 'character', takes, isRepeated: false }, end: at + 1 };
}

function classCharacter(pattern: string, start: number): { readonly code: number; readonly end: number } {
  let at = start;
  const code = pattern.charCodeAt(at);
  if (at >= pattern.length || code === DASH || code === CLOSE) throw new BadPattern(pattern);
  if (code === BACKSLASH) at++;
  if (at >= pattern.length) throw new BadPattern(pattern);
  const character = characterAt(pattern, at);
  return { code: character.code, end: at + character.length };
}
