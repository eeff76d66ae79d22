import { Failure } from './failure.ts';

/**
 * The patterns of `#`, `##`, `%`, `%%`, `/` and `//`: `*` is any text without a newline, `?` any character but one, a
 * backslash takes the meaning from `*`, `?` and itself, and may stand before `}` and `/`. No brackets. Matching is done
 * piece by piece between the stars, so it does not backtrack.
 */
export function trimPrefix(value: string, pattern: string, { longest }: { longest: boolean }): string {
  const pieces = parsePattern(pattern);
  const chars = charsOf(value, pattern);
  return chars.slice(matchEnd(pieces, chars, { start: 0, longest }) ?? 0).join('');
}

export function trimSuffix(value: string, pattern: string, { longest }: { longest: boolean }): string {
  const pieces = parsePattern(reversed(pattern));
  const chars = charsOf(value, pattern).reverse();
  return chars
    .slice(matchEnd(pieces, chars, { start: 0, longest }) ?? 0)
    .reverse()
    .join('');
}

/** Each backslash before its character still; a last one, which has none, before the character that was in front of it. */
function reversed(pattern: string): string {
  return (pattern.match(/\\?./gsu) ?? []).reverse().join('');
}

export function replaceFirst(value: string, pattern: string, replacement: string): string {
  const chars = charsOf(value, pattern);
  const match = find(parsePattern(pattern), chars, 0);
  if (match === undefined) return value;
  return chars.slice(0, match.start).join('') + replacement + chars.slice(match.end).join('');
}

/** An empty match right behind another match counts for nothing. The replacement is a template of Go's regexp, which knows no groups here. */
export function replaceAll(value: string, pattern: string, replacement: string): string {
  const pieces = parsePattern(pattern);
  const chars = charsOf(value, pattern);
  const out: string[] = [];
  let copied = 0;
  for (let from = 0; from <= chars.length; ) {
    const match = find(pieces, chars, from);
    if (match === undefined) break;
    out.push(chars.slice(copied, match.start).join(''));
    if (match.end > copied || match.start === 0) {
      out.push(fromTemplate(replacement, chars.slice(match.start, match.end).join('')));
    }
    copied = match.end;
    from = Math.max(from + 1, match.end);
  }
  out.push(chars.slice(copied).join(''));
  return out.join('');
}

/** `$0` is the match, any other `$name` or `${name}` nothing, `$$` a dollar sign; a `$` before anything else stays. */
function fromTemplate(template: string, match: string): string {
  return template.replace(
    /\$(?:\$|\{([\p{L}\p{Nd}_]+)\}|([\p{L}\p{Nd}_]+))/gu,
    (whole, braced?: string, bare?: string) => {
      if (whole === '$$') return '$';
      return (braced ?? bare) === '0' ? match : '';
    },
  );
}

/** The part of a pattern between two stars; null is any character. */
type Piece = readonly (string | null)[];

const MAX_WORK = 50_000_000;

function charsOf(value: string, pattern: string): string[] {
  if (value.length * pattern.length > MAX_WORK) {
    throw new Failure('pattern and value are too long', 'do this in a RUN');
  }
  return Array.from(value);
}

function parsePattern(pattern: string): readonly Piece[] {
  const pieces: (string | null)[][] = [[]];
  const chars = Array.from(pattern);
  for (let i = 0; i < chars.length; i++) {
    const char = chars[i] ?? '';
    const piece = pieces.at(-1);
    if (char === '*') pieces.push([]);
    else if (char === '?') piece?.push(null);
    else if (char !== '\\') piece?.push(char);
    else if (chars[i + 1] !== '}' && chars[i + 1] !== '/') {
      piece?.push(escaped(chars[i + 1], pattern));
      i++;
    }
  }
  return pieces;
}

function escaped(char: string | undefined, pattern: string): string {
  if (char === '*' || char === '?' || char === '\\') return char;
  throw new Failure(
    `invalid pattern (${pattern}) in substitution: invalid escape '\\${char ?? ''}'`,
    'in a pattern a backslash stands before * ? \\ } and / only',
  );
}

function find(
  pieces: readonly Piece[],
  chars: readonly string[],
  from: number,
): { readonly start: number; readonly end: number } | undefined {
  const head = pieces[0] ?? [];
  for (let at = from; at <= chars.length; ) {
    const start = firstAt(head, chars, { from: at, to: chars.length });
    if (start === undefined) return undefined;
    const end = matchEnd(pieces, chars, { start, longest: true });
    if (end !== undefined) return { start, end };
    // What is missing behind this start is missing behind every later one of the line, too.
    at = lineEnd(chars, start) + 1;
  }
  return undefined;
}

/** Where the match from `start` ends. Between the stars the earliest place is the best; the last piece may want the latest. */
function matchEnd(
  [head = [], ...rest]: readonly Piece[],
  chars: readonly string[],
  { start, longest }: { start: number; longest: boolean },
): number | undefined {
  if (!matchesAt(head, chars, start)) return undefined;
  let end = start + head.length;
  for (const [index, piece] of rest.entries()) {
    const place = { from: end, to: lineEnd(chars, end) };
    const at = longest && index === rest.length - 1 ? lastAt(piece, chars, place) : firstAt(piece, chars, place);
    if (at === undefined) return undefined;
    end = at + piece.length;
  }
  return end;
}

interface Place {
  readonly from: number;
  /** The last start that is allowed. */
  readonly to: number;
}

function firstAt(piece: Piece, chars: readonly string[], { from, to }: Place): number | undefined {
  for (let at = from; at <= to; at++) if (matchesAt(piece, chars, at)) return at;
  return undefined;
}

function lastAt(piece: Piece, chars: readonly string[], { from, to }: Place): number | undefined {
  for (let at = to; at >= from; at--) if (matchesAt(piece, chars, at)) return at;
  return undefined;
}

function matchesAt(piece: Piece, chars: readonly string[], at: number): boolean {
  if (at + piece.length > chars.length) return false;
  return piece.every((wanted, i) => (wanted === null ? chars[at + i] !== '\n' : chars[at + i] === wanted));
}

function lineEnd(chars: readonly string[], from: number): number {
  const found = chars.indexOf('\n', from);
  return found < 0 ? chars.length : found;
}
