type CanBeAbsent<T> = { [K in keyof T]-?: undefined extends T[K] ? K : never }[keyof T];
type WithoutAbsent<T> = Omit<T, CanBeAbsent<T>> & { [K in CanBeAbsent<T>]?: Exclude<T[K], undefined> };

/** The same object without the fields that are undefined. */
export function withoutAbsent<T extends object>(value: T): WithoutAbsent<T> {
  return Object.fromEntries(Object.entries(value).filter(([, field]) => field !== undefined)) as WithoutAbsent<T>;
}
