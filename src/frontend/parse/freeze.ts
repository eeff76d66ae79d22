import { BuildError } from '../../errors.ts';

/** Freezes plain objects, arrays and BuildErrors all the way down; what has another class of its own stays as it is. */
export function freeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value;
  const isPlain = Array.isArray(value) || Object.getPrototypeOf(value) === Object.prototype;
  if (!isPlain && !(value instanceof BuildError)) return value;
  Object.freeze(value);
  for (const part of Object.values(value)) freeze(part);
  return value;
}
