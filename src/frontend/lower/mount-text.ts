/** The CSV of a --mount value, for the two things that are wanted before its options are checked. */

/** Where a mount's files come from; tmpfs and the like come from nowhere. */
export function mountFrom(value: string): string | undefined {
  const options = new Map(splitCsv(value).map(splitOption));
  const type = options.get('type')?.toLowerCase() ?? 'bind';
  return type === 'bind' || type === 'cache' ? options.get('from') || undefined : undefined;
}

/** Expands every option's value but that of `from`. */
export function expandMount(value: string, expand: (text: string) => string): string {
  return splitCsv(value)
    .map((field) => {
      const [key, text] = splitOption(field);
      return text === undefined || key === 'from' ? field : `${field.slice(0, field.indexOf('='))}=${expand(text)}`;
    })
    .map(quoteField)
    .join(',');
}

/** RFC 4180 for one line: a field that starts with a quote ends with one, and doubles those inside. */
export function splitCsv(text: string): readonly string[] {
  const fields: string[] = [];
  let rest = text;
  for (;;) {
    const quoted = /^"((?:[^"]|"")*)"(?=,|$)/.exec(rest);
    const field = quoted?.[0] ?? /^[^,]*/.exec(rest)?.[0] ?? '';
    fields.push(quoted?.[1]?.replaceAll('""', '"') ?? field);
    if (field.length === rest.length) return fields;
    rest = rest.slice(field.length + 1);
  }
}

function splitOption(field: string): readonly [string, string | undefined] {
  const at = field.indexOf('=');
  return at < 0 ? [field.toLowerCase(), undefined] : [field.slice(0, at).toLowerCase(), field.slice(at + 1)];
}

function quoteField(field: string): string {
  return /[",\r\n]/.test(field) ? `"${field.replaceAll('"', '""')}"` : field;
}
