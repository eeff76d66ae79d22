import { parseGoBool } from '../../util/go-bool.ts';

const NAMES: ReadonlySet<string> = new Set(['syntax', 'escape', 'check']);
const DIRECTIVE = /^([a-zA-Z][a-zA-Z0-9]*)[\t\n\f\r ]*=([\t\n\f\r ]*)/;

export interface Directive {
  readonly name: string;
  readonly value: string;
}

/**
 * Reads `# name=value` lines from the top of a text. The first line that is no known directive ends the search for good;
 * a repeated one does not, and does not count.
 */
export class DirectiveScanner {
  readonly #comment: string;
  readonly #seen = new Set<string>();
  #isDone = false;

  constructor(comment = '#') {
    this.#comment = comment;
  }

  read(line: string): Directive | { readonly repeated: string } | undefined {
    if (this.#isDone) return undefined;
    const directive = line.startsWith(this.#comment) ? parseDirective(line.slice(this.#comment.length)) : undefined;
    if (directive === undefined) {
      this.#isDone = true;
      return undefined;
    }
    if (this.#seen.has(directive.name)) return { repeated: directive.name };
    this.#seen.add(directive.name);
    return directive;
  }
}

export interface FoundDirectives {
  readonly syntax?: string;
  readonly check?: { readonly value: string; readonly line: number };
}

/** `syntax` and `check` are found behind a first line `#!…`, too, but not on an indented line. */
export function findDirectives(lines: Iterable<string>): FoundDirectives {
  const scanner = new DirectiveScanner();
  const found: { syntax?: string; check?: { value: string; line: number } } = {};
  let index = -1;
  for (const line of lines) {
    index++;
    if (index === 0 && line.startsWith('#!')) continue;
    const directive = scanner.read(line);
    if (directive === undefined || 'repeated' in directive) break;
    if (directive.name === 'syntax') found.syntax = firstWord(directive);
    if (directive.name === 'check') found.check = { value: firstWord(directive), line: index };
  }
  return found;
}

/** Of a comment above an instruction, without its `#`. */
export function checkValueOf(comment: string): string | undefined {
  const directive = parseDirective(comment);
  return directive?.name === 'check' ? firstWord(directive) : undefined;
}

/** What stands behind a blank is for people. */
function firstWord({ value }: Directive): string {
  return value.split(' ', 1)[0] ?? '';
}

/** Why BuildKit refuses the value of `# check=`; undefined when it does not. */
export function checkProblem(value: string): string | undefined {
  const text = value.trim();
  if (text === '') return undefined;
  for (const part of splitAtMost(text, ';', 3)) {
    const at = part.indexOf('=');
    if (at < 0) return `invalid check option ${JSON.stringify(part)}`;
    const key = part.slice(0, at).trim();
    if (!CHECK_KEYS.has(key)) return `invalid check option ${JSON.stringify(key)}`;
    if (key === 'error' && parseGoBool(part.slice(at + 1).trim()) === undefined) {
      return `failed to parse check option ${JSON.stringify(part)}`;
    }
  }
  return undefined;
}

const CHECK_KEYS: ReadonlySet<string> = new Set(['skip', 'error', 'experimental']);

function parseDirective(comment: string): Directive | undefined {
  const text = comment.replace(/^[\t-\r \u0085\u00a0]+/, '');
  const match = DIRECTIVE.exec(text);
  const name = match?.[1]?.toLowerCase() ?? '';
  if (match === null || !NAMES.has(name)) return undefined;
  const value = text.slice(match[0].length);
  const end = endWithoutBlanks(value);
  if (end > 0) return { name, value: value.slice(0, end) };
  const blanks = match[2] ?? '';
  return blanks === '' ? undefined : { name, value: blanks.slice(-1) };
}

function endWithoutBlanks(text: string): number {
  let end = text.length;
  while (end > 0 && '\t\n\f\r '.includes(text.charAt(end - 1))) end--;
  return end;
}

function splitAtMost(text: string, separator: string, count: number): readonly string[] {
  const parts = text.split(separator);
  return parts.length <= count ? parts : [...parts.slice(0, count - 1), parts.slice(count - 1).join(separator)];
}
