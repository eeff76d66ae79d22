/** Splits one line of comma separated values; a field in double quotes may hold commas, `""` is a quote. undefined: a quote is left open. */
export function splitCsv(line: string): readonly string[] | undefined {
  const fields: string[] = [];
  let field = '';
  let quoted = false;
  for (let at = 0; at < line.length; at++) {
    const char = line.charAt(at);
    if (quoted) {
      if (char !== '"') field += char;
      else if (line.charAt(at + 1) === '"') field += line.charAt(++at);
      else quoted = false;
    } else if (char === '"' && field === '') quoted = true;
    else if (char === ',') {
      fields.push(field);
      field = '';
    } else field += char;
  }
  return quoted ? undefined : [...fields, field];
}
