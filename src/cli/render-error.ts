import { readFileSync } from 'node:fs';
import type { BuildError, SourceRange } from '../errors.ts';
import { clip } from '../progress/render/width.ts';

export interface RenderErrorOptions {
  readonly color: boolean;
  /** Of the terminal: an excerpt keeps within them. */
  readonly columns?: number | undefined;
  /** Text of a source file, for the excerpt; undefined when it cannot be read. */
  readonly source?: (file: string) => string | undefined;
}

/** `file:line:col`, the excerpt, the message with its code, the hint; then the others found in the same pass. */
export function renderError(error: BuildError, { color, columns, source = readSource }: RenderErrorOptions): string {
  const { source: text } = error;
  const known = (file: string): string | undefined => (text?.file === file ? text.text : source(file));
  return [error, ...error.others].map((one) => renderOne(one, { color, columns, source: known })).join('\n');
}

function renderOne(error: BuildError, { color, columns = MAX_COLUMNS, source }: RenderOneOptions): string {
  const paint = color ? (text: string) => `\u001b[31m${text}\u001b[39m` : (text: string) => text;
  const lines: string[] = [];
  if (error.range !== undefined) {
    const begin = beginOf(error.instruction, error.range);
    lines.push(...excerpt(error.range, { begin, text: source(error.range.file), columns }));
  }
  lines.push(`${paint('error')}: ${clean(error.message)} [${error.code}]`);
  if (error.hint !== undefined) lines.push(`hint: ${clean(error.hint)}`);
  return `${lines.join('\n')}\n`;
}

type RenderOneOptions = RenderErrorOptions & Required<Pick<RenderErrorOptions, 'source'>>;

/** The line where the instruction begins, when it is another than that of the range. */
function beginOf(instruction: SourceRange | undefined, { file, startLine }: SourceRange): number | undefined {
  if (instruction?.file !== file || instruction.startLine >= startLine) return undefined;
  return instruction.startLine;
}

interface ExcerptOptions {
  readonly begin: number | undefined;
  readonly text: string | undefined;
  readonly columns: number;
}

function excerpt(range: SourceRange, { begin, text, columns }: ExcerptOptions): string[] {
  const { startLine, startColumn } = range;
  const within = begin === undefined ? '' : `, in the instruction that begins on line ${begin}`;
  const place = `${clean(range.file)}:${startLine}:${startColumn}${within}`;
  const source = text?.split(/\r?\n/) ?? [];
  const line = source[startLine - 1];
  if (line === undefined) return [place];
  const gutter = (lineNumber: number): string => `  ${String(lineNumber).padStart(String(startLine).length)} | `;
  const margin = gutter(startLine).length;
  const room = Math.min(MAX_COLUMNS, Math.max(columns - margin, startColumn));
  const shown = (lineNumber: number): string =>
    gutter(lineNumber) + clip(clean((source[lineNumber - 1] ?? '').slice(0, MAX_COLUMNS)), room);
  const caret = ' '.repeat(Math.min(startColumn - 1, MAX_COLUMNS));
  const end = range.endLine === startLine ? range.endColumn : startColumn + 1;
  const width = Math.max(1, Math.min(end, line.length + 1, room + 1) - startColumn);
  return [
    place,
    ...(begin === undefined ? [] : [shown(begin)]),
    shown(startLine),
    `${' '.repeat(margin - 2)}| ${caret}${'^'.repeat(width)}`,
  ];
}

const MAX_COLUMNS = 200;
const CONTROL = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g;

/** Text that came from a file or a server: no control sequence of it reaches the terminal. */
function clean(text: string): string {
  return text.replaceAll('\t', ' ').replace(CONTROL, '\ufffd');
}

function readSource(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}
