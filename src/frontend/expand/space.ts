/** What Go's unicode.IsSpace takes for a blank: JavaScript's `\s` has no U+0085, and has U+FEFF. */
const SPACE = '\\t-\\r \\u0085\\u00a0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000';
const IS_SPACE = new RegExp(`[${SPACE}]`);
const SPACES = new RegExp(`[${SPACE}]+`);

export function isSpace(char: string): boolean {
  return IS_SPACE.test(char);
}

/** The parts between blanks; an empty one first or last where the text begins or ends with a blank. */
export function splitSpaces(text: string): readonly string[] {
  return text.split(SPACES);
}

/** The index of the first character from `from` on that is no blank; the length when there is none. */
export function skipSpaces(text: string, from = 0): number {
  let at = from;
  while (at < text.length && isSpace(text.charAt(at))) at++;
  return at;
}

export function trimSpaces(text: string): string {
  return text.slice(skipSpaces(text), endOfText(text));
}

/** The index behind the last character that is no blank. */
export function endOfText(text: string): number {
  let end = text.length;
  while (end > 0 && isSpace(text.charAt(end - 1))) end--;
  return end;
}
