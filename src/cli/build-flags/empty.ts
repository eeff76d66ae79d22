/** Flags that ask for nothing with an empty value, as in buildx: `-f "$FILE"` where the variable is not set. */
const SILENT: ReadonlySet<string> = new Set([
  'file',
  'iidfile',
  'metadataFile',
  'network',
  'progress',
  'allow',
  'buildContext',
  'cacheFrom',
  'cacheTo',
  'provenance',
  'sbom',
]);

/** What is left of the flags when those are taken away that ask for nothing. */
export function withoutEmpty<T extends Readonly<Record<string, unknown>>>(flags: T): T {
  const told = Object.entries(flags).map(([name, value]) => [name, SILENT.has(name) ? toldOf(value) : value] as const);
  return Object.fromEntries(told.filter(([, value]) => value !== undefined)) as T;
}

function toldOf(value: unknown): unknown {
  if (!Array.isArray(value)) return value === '' ? undefined : value;
  const words = value.filter((word) => word !== '');
  return words.length === 0 ? undefined : words;
}
