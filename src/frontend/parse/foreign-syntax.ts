import { BuildError } from '../../errors.ts';
import { skipSpaces } from '../expand/index.ts';
import { DirectiveScanner } from './directives.ts';
import type { PhysicalLine, Source } from './source.ts';

/** A build language that a file asks for in a way that no Dockerfile can. */
export interface ForeignSyntax {
  readonly syntax: string;
  /** Says so. */
  readonly line: PhysicalLine;
}

/** `// syntax=…` at the top, or the key `syntax` of a file that is one JSON object; a first line `#!…` may stand before. */
export function findForeignSyntax(source: Source): ForeignSyntax | undefined {
  const first = source.text.startsWith('#!') ? 1 : 0;
  return inComment(source, first) ?? inJson(source, first);
}

export function foreignSyntaxError({ syntax, line }: ForeignSyntax, { rangeOf }: Source): BuildError {
  return new BuildError('syntax-error', `this file asks for the build language ${syntax}`, {
    range: rangeOf(line.start, line.end),
    hint: 'tsbuild reads Dockerfiles only: name one with -f FILE',
  });
}

function inComment(source: Source, first: number): ForeignSyntax | undefined {
  const scanner = new DirectiveScanner('//');
  for (let index = first; index < source.lineCount; index++) {
    const line = source.line(index);
    const directive = scanner.read(source.text.slice(line.start, line.end));
    if (directive === undefined || 'repeated' in directive) return undefined;
    if (directive.name === 'syntax') return { syntax: directive.value.split(' ', 1)[0] ?? '', line };
  }
  return undefined;
}

function inJson(source: Source, first: number): ForeignSyntax | undefined {
  const text = source.text.slice(source.line(first).start);
  if (text[skipSpaces(text)] !== '{') return undefined;
  const value = parseObject(text);
  if (value === undefined || !Object.hasOwn(value, 'syntax') || typeof value['syntax'] !== 'string') return undefined;
  return { syntax: value['syntax'], line: lineWith(source, '"syntax"') ?? source.line(first) };
}

function parseObject(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    return JSON.parse(text) as Readonly<Record<string, unknown>>;
  } catch (error) {
    if (!(error instanceof SyntaxError || error instanceof RangeError)) throw error;
    return undefined;
  }
}

function lineWith(source: Source, wanted: string): PhysicalLine | undefined {
  for (let index = 0; index < source.lineCount; index++) {
    const line = source.line(index);
    if (source.text.slice(line.start, line.end).includes(wanted)) return line;
  }
  return undefined;
}
