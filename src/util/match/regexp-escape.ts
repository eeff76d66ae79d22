import { BadPattern } from './tokens.ts';

const CONTROLS: { readonly [letter: string]: number } = { a: 7, f: 12, n: 10, r: 13, t: 9, v: 11 };

/**
 * A character after a backslash, as Go's regexp has it: a control, an octal or hexadecimal number, any punctuation as it stands.
 * @param start behind the backslash
 * @throws BadPattern for any other letter or digit, and for what is not ASCII
 */
export function parseEscape(
  text: string,
  start: number,
  pattern: string,
): { readonly code: number; readonly end: number } {
  const rest = text.slice(start, start + 3);
  const number = /^(?:0[0-7]{0,2}|[1-7][0-7]{1,2})/.exec(rest)?.[0];
  if (number !== undefined) return { code: Number.parseInt(number, 8), end: start + number.length };
  const hex = /^x([0-9A-Fa-f]{2})/.exec(rest)?.[1];
  if (hex !== undefined) return { code: Number.parseInt(hex, 16), end: start + 3 };
  const control = CONTROLS[rest.charAt(0)];
  if (control !== undefined) return { code: control, end: start + 1 };
  if (!/^[\0-\x7f]/.test(rest) || /^[0-9A-Za-z]/.test(rest)) throw new BadPattern(pattern);
  return { code: rest.charCodeAt(0), end: start + 1 };
}
