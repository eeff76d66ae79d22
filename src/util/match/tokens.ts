/** One piece of a compiled pattern. Patterns and names are bytes decoded as latin1; `any` and `class` take a whole UTF-8 character. */
export type Token =
  | { readonly kind: 'byte'; readonly code: number }
  /** `?`: one character that is no slash. */
  | { readonly kind: 'any' }
  | { readonly kind: 'class'; readonly negated: boolean; readonly ranges: readonly (readonly [number, number])[] }
  /** `*`: any run without a slash. */
  | { readonly kind: 'star' }
  /** `**`: nothing, or any run that ends in a slash. */
  | { readonly kind: 'directories' }
  /** `**` at the end: anything. */
  | { readonly kind: 'rest' };

/** A pattern that Go calls ErrBadPattern: an open bracket, an empty class, a backslash at the end. */
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
 * Go's filepath.Match, or moby/patternmatcher: that has `**`, and makes a regular expression of the pattern, in which a range goes from
 * low to high.
 */
export type Dialect = 'filepath' | 'patternmatcher';

/** @throws BadPattern */
export function parsePattern(pattern: string, dialect: Dialect): readonly Token[] {
  const tokens: Token[] = [];
  let at = 0;
  while (at < pattern.length) {
    const { token, end } = parseToken(pattern, at, dialect);
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

function parseToken(pattern: string, at: number, dialect: Dialect): Parsed {
  const code = pattern.charCodeAt(at);
  switch (code) {
    case STAR:
      return dialect === 'patternmatcher' && pattern.charCodeAt(at + 1) === STAR
        ? parseDoubleStar(pattern, at)
        : { token: { kind: 'star' }, end: at + 1 };
    case QUESTION:
      return { token: { kind: 'any' }, end: at + 1 };
    case OPEN:
      return parseClass(pattern, at + 1, dialect);
    case BACKSLASH:
      if (at + 1 >= pattern.length) throw new BadPattern(pattern);
      return { token: { kind: 'byte', code: pattern.charCodeAt(at + 1) }, end: at + 2 };
    default:
      return { token: { kind: 'byte', code }, end: at + 1 };
  }
}

/** Together with the slash behind it. */
function parseDoubleStar(pattern: string, at: number): Parsed {
  const end = pattern.charCodeAt(at + 2) === SLASH ? at + 3 : at + 2;
  return { token: { kind: end >= pattern.length ? 'rest' : 'directories' }, end };
}

/** The character at a position, and how many bytes it has; a byte that is no UTF-8 stands for itself. */
export function characterAt(bytes: string, at: number): { readonly code: number; readonly length: number } {
  const first = bytes.charCodeAt(at);
  const length = first < 0xc2 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : first < 0xf5 ? 4 : 1;
  if (length === 1) return { code: first, length: 1 };
  let code = first & (0xff >> (length + 1));
  for (let i = 1; i < length; i++) {
    const next = bytes.charCodeAt(at + i);
    // NaN past the end fails this test too
    if (!(next >= 0x80 && next < 0xc0)) return { code: 0xfffd, length: 1 };
    code = (code << 6) | (next & 0x3f);
  }
  return { code, length };
}

function parseClass(pattern: string, start: number, dialect: Dialect): Parsed {
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
    if (dialect === 'patternmatcher' && high.code < low.code) throw new BadPattern(pattern);
    ranges.push([low.code, high.code]);
  }
  return { token: { kind: 'class', negated, ranges }, end: at + 1 };
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
