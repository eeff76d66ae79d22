import { isUtf8 } from 'node:buffer';
import type { SourceRange } from '../../errors.ts';

/** A text by its physical lines. Only a line feed ends a line; carriage returns before it belong to the line break. */
export interface Source {
  readonly text: string;
  readonly lineCount: number;
  line(index: number): PhysicalLine;
  /** Of the characters from start to end, exclusive. */
  readonly rangeOf: (start: number, end: number) => SourceRange;
  /** Of a text that is no UTF-8: the bytes, as latin1, of the lines from the one at `start` up to the one at `end`. */
  readonly latin1?: (start: number, end: number) => string;
}

export interface PhysicalLine {
  readonly start: number;
  /** Without the line break. */
  readonly end: number;
  /** With it. */
  readonly next: number;
}

/** A byte order mark is left out. */
export function openSource(given: string | Uint8Array, file: string): Source {
  const decoded = typeof given === 'string' ? given : new TextDecoder('utf-8', { ignoreBOM: true }).decode(given);
  const text = decoded.replace(/^\ufeff/, '');
  const starts = lineStarts(text);
  const position = (offset: number): { line: number; column: number } => {
    const line = lastAtMost(starts, offset);
    return { line: line + 1, column: offset - (starts[line] ?? 0) + 1 };
  };
  return {
    ...linesOf(text, starts),
    rangeOf(start, end) {
      const first = position(start);
      const last = position(end);
      return { file, startLine: first.line, startColumn: first.column, endLine: last.line, endColumn: last.column };
    },
    ...(typeof given === 'string' || isUtf8(given) ? {} : { latin1: bytesOfLines(given, starts) }),
  };
}

/** The lines of the text and those of its bytes are the same: no byte of a character in UTF-8 is a line feed. */
function bytesOfLines(bytes: Uint8Array, starts: readonly number[]): NonNullable<Source['latin1']> {
  const latin1 = Buffer.from(bytes).toString('latin1');
  const byteStarts = lineStarts(latin1);
  return (start, end) => latin1.slice(byteStarts[lastAtMost(starts, start)], byteStarts[lastAtMost(starts, end)]);
}

/** A text from elsewhere, such as an ONBUILD trigger: everything in it is located at one place. */
export function openForeignSource(text: string, range: SourceRange): Source {
  return { ...linesOf(text, lineStarts(text)), rangeOf: () => range };
}

/** The index of the last number that is not above the wanted one; the numbers ascend and begin at or below it. */
export function lastAtMost(ascending: readonly number[], wanted: number): number {
  let low = 0;
  let high = ascending.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((ascending[middle] ?? 0) <= wanted) low = middle;
    else high = middle - 1;
  }
  return low;
}

function lineStarts(text: string): readonly number[] {
  const starts = text === '' ? [] : [0];
  for (let at = text.indexOf('\n'); at >= 0 && at + 1 < text.length; at = text.indexOf('\n', at + 1)) {
    starts.push(at + 1);
  }
  return starts;
}

function linesOf(text: string, starts: readonly number[]): Omit<Source, 'rangeOf'> {
  return {
    text,
    lineCount: starts.length,
    line(index) {
      const start = starts[index] ?? text.length;
      const next = starts[index + 1] ?? text.length;
      let end = next;
      while (end > start && (text[end - 1] === '\n' || text[end - 1] === '\r')) end--;
      return { start, end, next };
    },
  };
}
