/** The JSON Schema of a report, made of the types in src/progress. */
export function reportSchema(): {
  readonly properties: object;
  readonly $defs: Readonly<Record<string, { readonly properties: object }>>;
};
