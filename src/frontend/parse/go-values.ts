/** Digits of the base only, below 2^32. */
export function parseUint32(text: string, base: 8 | 10): number | undefined {
  if (!(base === 8 ? /^[0-7]{1,20}$/ : /^\d{1,20}$/).test(text)) return undefined;
  const value = Number.parseInt(text, base);
  return value < 2 ** 32 ? value : undefined;
}

/** `64m`, `1.5 GiB`: a number and a unit in powers of 1024. */
export function parseBytes(text: string): number | undefined {
  const match = /^(\d+\.?\d*|\.\d+) ?(?:([kmgtp])(?:i?b)?|b)?$/i.exec(text);
  if (match === null) return undefined;
  const bytes = Math.trunc(Number(match[1]) * 1024 ** (UNITS.indexOf(match[2]?.toLowerCase() ?? '') + 1));
  return Number.isSafeInteger(bytes) ? bytes : undefined;
}

const UNITS = ['k', 'm', 'g', 't', 'p'];

const NANOSECONDS: ReadonlyMap<string, number> = new Map([
  ['ns', 1],
  ['us', 1e3],
  ['µs', 1e3],
  ['μs', 1e3],
  ['ms', 1e6],
  ['s', 1e9],
  ['m', 60e9],
  ['h', 3600e9],
]);
const MAX_DURATION = 2 ** 63;

/** Go's time.ParseDuration in nanoseconds, `1h30m`, `1.5s`, `0`; or Go's words about what is wrong. */
export function parseDuration(text: string): number | { readonly problem: string } {
  const sign = /^[+-]/.exec(text)?.[0] ?? '';
  const unsigned = text.slice(sign.length);
  if (unsigned === '0') return 0;
  const total = unsigned === '' ? INVALID : sumOfParts(unsigned);
  if (typeof total !== 'number') return { problem: `time: ${total.problem} duration ${JSON.stringify(text)}` };
  return sign === '-' ? -total : total;
}

const INVALID = { problem: 'invalid' } as const;

function sumOfParts(text: string): number | { readonly problem: string } {
  let total = 0;
  for (let rest = text; rest !== ''; ) {
    const [all = '', number, unit = ''] = /^(\d+\.?\d*|\.\d+)([^\d.]*)/.exec(rest) ?? [];
    if (number === undefined) return INVALID;
    const factor = NANOSECONDS.get(unit);
    if (factor === undefined) {
      return { problem: unit === '' ? 'missing unit in' : `unknown unit ${JSON.stringify(unit)} in` };
    }
    total += Math.trunc(Number(number) * factor);
    rest = rest.slice(all.length);
  }
  return total < MAX_DURATION ? total : INVALID;
}
