/** One line of RFC 4180: a field that begins with a quote ends with one and doubles those inside. undefined when quotes are misplaced. */
export function splitCsv(line: string): readonly string[] | undefined {
  if (line === '') return undefined;
  const fields: string[] = [];
  for (let at = 0; ; ) {
    const field = line[at] === '"' ? quotedField(line, at) : plainField(line, at);
    if (field === undefined) return undefined;
    fields.push(field.text);
    if (field.end === line.length) return fields;
    at = field.end + 1;
  }
}

interface Field {
  readonly text: string;
  readonly end: number;
}

function plainField(line: string, start: number): Field | undefined {
  const comma = line.indexOf(',', start);
  const end = comma < 0 ? line.length : comma;
  const text = line.slice(start, end);
  return text.includes('"') ? undefined : { text, end };
}

function quotedField(line: string, start: number): Field | undefined {
  const parts: string[] = [];
  for (let at = start + 1; ; ) {
    const quote = line.indexOf('"', at);
    if (quote < 0) return undefined;
    parts.push(line.slice(at, quote));
    const next = line[quote + 1];
    if (next === undefined || next === ',') return { text: parts.join('"'), end: quote + 1 };
    if (next !== '"') return undefined;
    at = quote + 2;
  }
}
