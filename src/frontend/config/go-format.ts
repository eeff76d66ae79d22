/** How Go prints values, because history entries carry its shapes. */

/** `%q` of a string. */
export function goQuote(text: string): string {
  return `"${Array.from(text, quotedRune).join('')}"`;
}

/** `%q` of a list: `["a" "b"]` */
export function goQuotedList(texts: readonly string[]): string {
  return `[${texts.map(goQuote).join(' ')}]`;
}

/** `%v` of a list: `[a b]` */
export function goList(texts: readonly string[]): string {
  return `[${texts.join(' ')}]`;
}

/** `%v` of a time.Duration: `1m30s`, `500ms`, `0s`. */
export function goDuration(ns: number): string {
  if (ns === 0) return '0s';
  if (ns < 0) return `-${goDuration(-ns)}`;
  for (const [unit, size] of SMALL_UNITS) {
    if (ns < size * 1000) return `${trimmed(ns, size)}${unit}`;
  }
  const minutes = Math.floor(ns / MINUTE);
  const seconds = `${trimmed(ns - minutes * MINUTE, SECOND)}s`;
  if (minutes === 0) return seconds;
  const hours = Math.floor(minutes / 60);
  return hours === 0 ? `${minutes}m${seconds}` : `${hours}h${minutes % 60}m${seconds}`;
}

const SECOND = 1e9;
const MINUTE = 60 * SECOND;
const SMALL_UNITS: readonly (readonly [string, number])[] = [
  ['ns', 1],
  ['µs', 1e3],
  ['ms', 1e6],
];

/** A decimal number of `size`, without trailing zeros. */
function trimmed(ns: number, size: number): string {
  const digits = String(size).length - 1;
  const whole = Math.floor(ns / size);
  const rest = String(ns - whole * size)
    .padStart(digits, '0')
    .replace(/0+$/, '');
  return digits === 0 || rest === '' ? String(whole) : `${whole}.${rest}`;
}

const SHORT: { readonly [rune: string]: string } = {
  '"': '\\"',
  '\\': '\\\\',
  '\x07': '\\a',
  '\b': '\\b',
  '\f': '\\f',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\v': '\\v',
};
const PRINTABLE = /^[\p{L}\p{M}\p{N}\p{P}\p{S} ]$/u;

function quotedRune(rune: string): string {
  const short = SHORT[rune];
  if (short !== undefined) return short;
  if (isPrintable(rune)) return rune;
  const code = rune.codePointAt(0) ?? 0;
  if (code < 0x80) return `\\x${hex(code, 2)}`;
  return code < 0x10000 ? `\\u${hex(code, 4)}` : `\\U${hex(code, 8)}`;
}

function isPrintable(rune: string): boolean {
  // what V8 makes of the expression takes longer than most builds have texts for
  return (rune >= ' ' && rune <= '~') || PRINTABLE.test(rune);
}

function hex(code: number, width: number): string {
  return code.toString(16).padStart(width, '0');
}
