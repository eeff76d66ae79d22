const UNITS: Readonly<Record<string, number>> = {
  ns: 1,
  us: 1e3,
  µs: 1e3,
  μs: 1e3,
  ms: 1e6,
  s: 1e9,
  m: 60e9,
  h: 3600e9,
};
const PART = /(\d+\.?\d*|\.\d+)(ns|us|µs|μs|ms|s|m|h)/gy;

/** Go's time.ParseDuration, in nanoseconds; undefined when the text is no duration. */
export function parseDuration(text: string): number | undefined {
  const sign = text.startsWith('-') ? -1 : 1;
  const rest = text.replace(/^[+-]/, '');
  if (rest === '0') return 0;
  let total = 0;
  let at = 0;
  PART.lastIndex = 0;
  for (let match = PART.exec(rest); match !== null; match = PART.exec(rest)) {
    total += Number(match[1]) * (UNITS[match[2] ?? ''] ?? 0);
    at = PART.lastIndex;
  }
  return at === 0 || at !== rest.length ? undefined : sign * Math.round(total);
}
