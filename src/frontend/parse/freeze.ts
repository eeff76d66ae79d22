/** Freezes a value and everything in it, but for errors, whose stack Node itself writes. */
export function freeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null || value instanceof Error || Object.isFrozen(value)) return value;
  Object.freeze(value);
  for (const item of Object.values(value)) freeze(item as unknown);
  return value;
}
