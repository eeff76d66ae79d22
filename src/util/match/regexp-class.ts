import { parseEscape } from './regexp-escape.ts';
import { BadPattern, characterAt, type Takes } from './tokens.ts';

/** Pairs of a first and a last character. */
const NAMED: { readonly [name: string]: string } = {
  alnum: '09AZaz',
  alpha: 'AZaz',
  ascii: '\0\x7f',
  blank: '\t\t  ',
  cntrl: '\0\x1f\x7f\x7f',
  digit: '09',
  graph: '!~',
  lower: 'az',
  print: ' ~',
  punct: '!/:@[`{~',
  space: '\t\r  ',
  upper: 'AZ',
  word: '09AZ__az',
  xdigit: '09AFaf',
};

const PERL: { readonly [letter: string]: string } = { d: '09', s: '\t\n\f\r  ', w: '09AZ__az' };

/** `\d`, and `\D` for the others. */
export function perlClass(letter: string): Takes | undefined {
  const pairs = PERL[letter.toLowerCase()];
  return pairs === undefined ? undefined : takesOf(pairs, letter !== letter.toLowerCase());
}

function takesOf(pairs: string, isNegated: boolean): Takes {
  const ranges = (pairs.match(/.{2}/gs) ?? []).map((pair) => [pair.charCodeAt(0), pair.charCodeAt(1)] as const);
  return (code) => ranges.some(([low, high]) => low <= code && code <= high) !== isNegated;
}

interface Member {
  readonly takes: Takes;
  readonly end: number;
}

/**
 * A class in brackets, as Go's regexp has it.
 * @param start behind the bracket
 * @throws BadPattern
 */
export function parseClass(text: string, start: number, pattern: string): Member {
  const isNegated = text[start] === '^';
  const first = isNegated ? start + 1 : start;
  const members: Takes[] = [];
  let at = first;
  while (at === first || text[at] !== ']') {
    const { takes, end } = namedMember(text, at, pattern) ?? perlMember(text, at) ?? rangeMember(text, at, pattern);
    members.push(takes);
    at = end;
  }
  return { takes: (code) => members.some((takes) => takes(code)) !== isNegated, end: at + 1 };
}

function namedMember(text: string, at: number, pattern: string): Member | undefined {
  const [written, caret, name = ''] = /^\[:(\^?)(.*?):\]/s.exec(text.slice(at)) ?? [];
  if (written === undefined) return undefined;
  const pairs = NAMED[name];
  if (pairs === undefined) throw new BadPattern(pattern);
  return { takes: takesOf(pairs, caret === '^'), end: at + written.length };
}

function perlMember(text: string, at: number): Member | undefined {
  const takes = text[at] === '\\' ? perlClass(text.charAt(at + 1)) : undefined;
  return takes === undefined ? undefined : { takes, end: at + 2 };
}

function rangeMember(text: string, at: number, pattern: string): Member {
  const low = classCharacter(text, at, pattern);
  const isRange = text[low.end] === '-' && low.end + 1 < text.length && text[low.end + 1] !== ']';
  const high = isRange ? classCharacter(text, low.end + 1, pattern) : low;
  if (high.code < low.code) throw new BadPattern(pattern);
  return { takes: (code) => low.code <= code && code <= high.code, end: high.end };
}

function classCharacter(text: string, at: number, pattern: string): { readonly code: number; readonly end: number } {
  if (at >= text.length) throw new BadPattern(pattern);
  if (text[at] === '\\') return parseEscape(text, at + 1, pattern);
  const { code, length } = characterAt(text, at);
  return { code, end: at + length };
}
