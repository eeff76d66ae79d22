export type JsonForm =
  | { readonly kind: 'list'; readonly items: readonly string[] }
  /** A JSON array, but not of strings: an error, not shell form. */
  | { readonly kind: 'not-strings' }
  /** Anything else is shell form, silently. */
  | { readonly kind: 'none' };

/** What `[…]` arguments are. */
export function jsonForm(text: string): JsonForm {
  if (!text.trimStart().startsWith('[')) return { kind: 'none' };
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    return { kind: 'none' };
  }
  if (!Array.isArray(parsed)) return { kind: 'none' };
  return parsed.every((item) => typeof item === 'string') ? { kind: 'list', items: parsed } : { kind: 'not-strings' };
}
