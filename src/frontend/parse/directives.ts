import { BuildError } from '../../errors.ts';
import type { Directives } from '../ast.ts';
import { leadingBlanks, type PhysicalLine } from './physical-lines.ts';

const DIRECTIVE = /^#\s*([a-zA-Z][a-zA-Z0-9]*)\s*=\s*(.+?)\s*$/;
const KNOWN = new Set(['syntax', 'escape', 'check']);

/**
 * Parser directives: the comment lines at the very top, until the first line that is no known directive. Behind a `#!` line only
 * `syntax` and `check` are found.
 */
export function readDirectives(
  lines: readonly PhysicalLine[],
  file: string,
): { directives: Directives; errors: readonly BuildError[] } {
  const found = new Map<string, { value: string; line: PhysicalLine }>();
  const errors: BuildError[] = [];
  const isScript = lines[0]?.text.startsWith('#!') === true;
  for (const line of isScript ? lines.slice(1) : lines) {
    const match = DIRECTIVE.exec(line.text.slice(leadingBlanks(line.text)));
    const name = match?.[1]?.toLowerCase() ?? '';
    const value = match?.[2] ?? '';
    if (!KNOWN.has(name) || (isScript && name === 'escape')) break;
    if (found.has(name))
      errors.push(problem(`only one ${name} parser directive can be used`, { line, file, hint: 'remove one of them' }));
    else found.set(name, { value, line });
  }
  const escape = found.get('escape');
  if (escape !== undefined && escape.value !== '\\' && escape.value !== '`') {
    errors.push(
      problem(`invalid escape token '${escape.value}' does not match \` or \\`, {
        line: escape.line,
        file,
        hint: 'write # escape=` or # escape=\\',
      }),
    );
  }
  const syntax = found.get('syntax')?.value;
  const check = found.get('check')?.value;
  return {
    errors,
    directives: {
      escape: escape?.value === '`' ? '`' : '\\',
      ...(syntax === undefined ? {} : { syntax }),
      ...(check === undefined ? {} : { check }),
    },
  };
}

function problem(
  message: string,
  { line, file, hint }: { line: PhysicalLine; file: string; hint: string },
): BuildError {
  const range = { file, startLine: line.number, startColumn: 1, endLine: line.number, endColumn: line.text.length + 1 };
  return new BuildError('syntax-error', message, { range, hint });
}
