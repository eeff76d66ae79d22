const UNITS = [
  [24 * 3_600_000, 'days'],
  [3_600_000, 'h'],
  [60_000, 'min'],
  [1000, 's'],
] as const;

/** `2 days`, `47 h`, `5 min`, `1 s`: days from the second on. */
export function ageText(ms: number): string {
  const [unitMs, unit] = UNITS.find(([size, name]) => ms >= (name === 'days' ? 2 * size : size)) ?? [1000, 's'];
  return `${Math.max(1, Math.floor(ms / unitMs))} ${unit}`;
}
