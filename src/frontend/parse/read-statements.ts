import { isUtf8 } from 'node:buffer';
import { BuildError } from '../../errors.ts';
import { didYouMean } from '../../util/did-you-mean.ts';
import type { Diagnostic, Flag, Heredoc, Instruction } from '../ast.ts';
import { trimSpaces } from '../expand/index.ts';
import { keywordOf } from './adapter.ts';
import { flagErrors } from './check-flags.ts';
import { type CommandLine, splitCommand } from './command-line.ts';
import { isHealthcheckNone } from './healthcheck.ts';
import { type HeredocWord, heredocWordsOf, stripLeadingTabs } from './heredocs.ts';
import { knownKeywords, parserOf } from './instructions.ts';
import { type Escape, LineReader, type LogicalLine } from './lines.ts';
import type { Piece } from './piece.ts';
import type { Source } from './source.ts';
import { type RawBody, type Statement, TextError } from './statement.ts';

export interface ReadStatements {
  readonly instructions: readonly Instruction[];
  /** Every instruction, also those that are left out for an error. */
  readonly keywords: readonly { readonly keyword: string; readonly range: () => Instruction['range'] }[];
  readonly errors: readonly BuildError[];
  /** No error is of the text itself. */
  readonly isLegible: boolean;
  readonly diagnostics: readonly Diagnostic[];
  readonly escapeToken: Escape;
}

/** Nobody mends more at once; a text that is no Dockerfile at all is not read to its end. */
const MAX_ERRORS = 1000;

/** All instructions of a source with all that is wrong in them. Never throws a BuildError. */
export function readStatements(source: Source): ReadStatements {
  const errors: BuildError[] = [];
  const instructions: Instruction[] = [];
  const keywords: { keyword: string; range: () => Instruction['range'] }[] = [];
  const diagnostics: Diagnostic[] = [];
  let isLegible = true;
  const reader = new LineReader(source, (error) => {
    errors.push(error);
    isLegible = false;
  });
  for (let tooLong = 0; ; tooLong = reader.tooLong) {
    const line = errors.length < MAX_ERRORS ? reader.nextLogicalLine() : undefined;
    if (line === undefined)
      return { instructions, keywords, errors, isLegible, diagnostics, escapeToken: reader.escape };
    if (line.hasEmptyContinuation) diagnostics.push(emptyContinuation(line, source));
    const { statement, problems } = openStatement(line, { source, reader });
    keywords.push({ keyword: statement.common.keyword, range: statement.keywordRange });
    const instruction = parseStatement(statement, problems);
    if (problems.some((problem) => problem instanceof TextError)) isLegible = false;
    for (const problem of problems) errors.push(problem.within(statement.common.range));
    if (instruction !== undefined && problems.length === 0 && reader.tooLong === tooLong)
      instructions.push(instruction);
  }
}

/** Takes the heredoc bodies from the reader. */
function openStatement(
  line: LogicalLine,
  { source, reader }: { source: Source; reader: LineReader },
): { statement: Statement; problems: BuildError[] } {
  const escapeToken = reader.escape;
  const command = splitCommand({ text: line.text, start: 0, end: line.text.length }, escapeToken);
  const rangeOf = (piece: Piece): Instruction['range'] => {
    const start = line.offsetOf(piece.start);
    return source.rangeOf(start, piece.end > piece.start ? line.offsetOf(piece.end - 1) + 1 : start);
  };
  const problems: BuildError[] = [];
  const bodies: Body[] = [];
  let end = line.end;
  for (const word of heredocWordsOf(line.text, { command, escapeToken })) {
    const body = readBody(word, { source, reader });
    end = body.end;
    if (body.isTerminated) bodies.push(body);
    else problems.push(unterminated(body, rangeOf(heredocPiece(line.text, word.name))));
  }
  const keywordText = command.keyword.text;
  const statement: Statement = {
    common: {
      keyword: keywordText.toUpperCase(),
      keywordText,
      range: source.rangeOf(line.start, end),
      text: trimSpaces(line.text),
      flags: command.flags.map((word) => flagOf(word, rangeOf)),
      heredocs: bodies.map(({ heredoc }) => heredoc),
      comments: line.comments,
    },
    keywordRange: () => keywordRange(line, { source, escapeToken, keyword: command.keyword, rangeOf }),
    escapeToken,
    line: line.text,
    rest: command.rest,
    bodies: bodies.map(({ raw }) => raw),
    rangeOf,
  };
  return { statement, problems };
}

function parseStatement(statement: Statement, problems: BuildError[]): Instruction | undefined {
  const { common, rest } = statement;
  const parse = parserOf(common.keyword);
  if (parse === undefined) {
    problems.push(unknownInstruction(statement));
    return undefined;
  }
  if (common.keyword !== 'HEALTHCHECK' || !isHealthcheckNone(rest)) {
    for (const problem of flagErrors(common, rest.text)) problems.push(problem);
  }
  if (problems.length > 0) return undefined;
  try {
    return parse(statement);
  } catch (error) {
    if (!(error instanceof BuildError)) throw error;
    problems.push(error);
    return undefined;
  }
}

interface Body {
  readonly heredoc: Heredoc;
  readonly raw: RawBody;
  readonly isTerminated: boolean;
  /** A line that is the name but for blanks around it; counted from 1. */
  readonly nearEnd: number | undefined;
  /** In the source, of the last line that was taken. */
  readonly end: number;
}

/** Up to the line that is the name and nothing else; to the end of the file if there is none. */
function readBody(word: HeredocWord, { source, reader }: { source: Source; reader: LineReader }): Body {
  const parts: string[] = [];
  let start: number | undefined;
  let end = source.text.length;
  let isTerminated = false;
  let latin1: string | undefined;
  let nearStart: number | undefined;
  for (let line = reader.nextPhysicalLine(); line !== undefined; line = reader.nextPhysicalLine()) {
    start ??= line.start;
    end = line.end;
    const text = source.text.slice(line.start, line.end);
    isTerminated = (word.stripTabs ? text.replace(/^\t+/, '') : text) === word.name;
    if (isTerminated) {
      latin1 = oddBytes(source.latin1?.(start, line.start));
      break;
    }
    if (nearStart === undefined && text.trim() === word.name) nearStart = line.start;
    parts.push(source.text.slice(line.start, line.next));
  }
  const raw = parts.join('');
  const content = word.stripTabs ? stripLeadingTabs(raw) : raw;
  const nearEnd = nearStart === undefined ? undefined : source.rangeOf(nearStart, nearStart).startLine;
  const heredoc = { ...word, content, range: source.rangeOf(start ?? end, end) };
  return { heredoc, raw: { text: raw, latin1 }, isTerminated, nearEnd, end };
}

/** undefined for what is UTF-8: the text says all of it. */
function oddBytes(latin1: string | undefined): string | undefined {
  return latin1 === undefined || isUtf8(Buffer.from(latin1, 'latin1')) ? undefined : latin1;
}

/** dockerfile-ast's range where it sees the same keyword; it may be continued on a second line. */
function keywordRange(
  line: LogicalLine,
  {
    source,
    escapeToken,
    keyword,
    rangeOf,
  }: { source: Source; escapeToken: Escape; keyword: Piece; rangeOf: Statement['rangeOf'] },
): Instruction['range'] {
  const found = keywordOf(source.text.slice(line.start, line.end), escapeToken);
  if (found?.text !== keyword.text) return rangeOf(keyword);
  return source.rangeOf(line.start + found.start, line.start + found.end);
}

function flagOf(word: CommandLine['flags'][number], rangeOf: Statement['rangeOf']): Flag {
  const equals = word.resolved.indexOf('=');
  const name = word.resolved.slice(2, equals < 0 ? undefined : equals);
  const value = equals < 0 ? undefined : word.resolved.slice(equals + 1);
  return { name, value, text: word.piece.text, range: rangeOf(word.piece) };
}

/** Where a line names the heredoc. */
function heredocPiece(text: string, name: string): Piece {
  const signs = Array.from(text.matchAll(/<<-?\s*[^\s<]*/g), ({ 0: sign, index }) => ({ sign, start: index }));
  const { sign, start } = signs.find((each) => namesHeredoc(text.slice(each.start), name)) ?? { sign: '', start: 0 };
  return { text: '', start, end: start + sign.length };
}

/** Quotes and escapes set aside, for they are no part of the name. */
function namesHeredoc(text: string, name: string): boolean {
  const plain = text.replace(/^<<-?\s*/, '').replace(/['"\\]/g, '');
  return plain.startsWith(name) && !/[\w.$-]/.test(plain.charAt(name.length));
}

function unterminated({ heredoc: { name, stripTabs }, nearEnd }: Body, range: Instruction['range']): BuildError {
  const rule = stripTabs
    ? `end it with a line that is ${name} and nothing else but tabs before it`
    : `end it with a line that is ${name} and nothing else; <<-${name} allows tabs before it`;
  const hint = nearEnd === undefined ? rule : `line ${nearEnd} has blanks around ${name}: remove them, or ${rule}`;
  return new TextError('heredoc-unterminated', `unterminated heredoc ${name}`, { range, hint });
}

/** Two letters swapped are two edits, as many as make another keyword: the one of the same letters goes first. */
function likeliest(word: string, known: readonly string[]): string | undefined {
  const letters = sortedLetters(word);
  return known.find((keyword) => sortedLetters(keyword) === letters) ?? didYouMean(word, known);
}

function sortedLetters(word: string): string {
  return Array.from(word).sort().join('');
}

function unknownInstruction({ common, keywordRange, escapeToken }: Statement): BuildError {
  const range = keywordRange();
  const known = knownKeywords();
  const meant = likeliest(common.keywordText.toUpperCase(), known);
  const goesOn =
    range.startLine === 1
      ? ''
      : `to go on with the line above, end that one with ${escapeToken}; a command needs RUN; `;
  return new BuildError('unknown-instruction', `unknown instruction: ${common.keywordText}`, {
    range,
    hint: meant === undefined ? `${goesOn}the instructions are ${known.join(', ')}` : `did you mean ${meant}?`,
  });
}

/** BuildKit reports it at the end of the instruction. */
function emptyContinuation({ end }: LogicalLine, source: Source): Diagnostic {
  const { file, endLine, endColumn } = source.rangeOf(end, end);
  const range = { file, startLine: endLine, startColumn: 1, endLine, endColumn };
  return { code: 'NoEmptyContinuation', message: 'Empty continuation line', range };
}
