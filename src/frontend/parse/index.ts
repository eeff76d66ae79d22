import { BuildError, type SourceRange } from '../../errors.ts';
import { didYouMean } from '../../util/did-you-mean.ts';
import type { Dockerfile, Instruction } from '../ast.ts';
import { keywordPlaces, type KeywordPlace } from './adapter.ts';
import { readDirectives } from './directives.ts';
import { freeze } from './freeze.ts';
import { jsonForm } from './json-form.ts';
import { LogicalLine } from './logical-line.ts';
import { PARSERS, publicHeredocs } from './parsers.ts';
import { physicalLines } from './physical-lines.ts';
import { KEYWORDS, keywordOf, readSource } from './source.ts';
import { readStatements, type Statement } from './statements.ts';
import { leadingFlags } from './words.ts';

export { type ParsedMount, parseMount } from './mount.ts';

/**
 * A Dockerfile as a frozen, typed AST with a range for every word; every syntax error of the file is in it. Never throws on any
 * input, does no I/O, and takes time linear in the text. Semantics: those of BuildKit's parser.
 *
 * @param text bytes are decoded as UTF-8
 * @param file how ranges name the file
 */
export function parseDockerfile(text: string | Uint8Array, { file }: { file: string }): Dockerfile {
  const source = typeof text === 'string' ? text : Buffer.from(text).toString('utf8');
  const lines = physicalLines(source);
  const { directives, errors: directiveErrors } = readDirectives(lines, file);
  const read = readStatements(lines, { file, escape: directives.escape, takesHeredocs });
  const errors = [...directiveErrors, ...read.errors];
  const instructions: Instruction[] = [];
  const places = keywordPlaces(source);
  for (const statement of read.statements) {
    const parsed = parseStatement(statement, {
      escape: directives.escape,
      place: places.get(statement.line.startLine),
    });
    if (parsed instanceof BuildError) errors.push(parsed);
    else instructions.push(parsed);
  }
  if (read.statements.length === 0 && errors.length === 0) errors.push(nothingHere(source, file));
  errors.sort((a, b) => (a.range?.startLine ?? 0) - (b.range?.startLine ?? 0));
  return freeze({ file, text: source, directives, instructions, errors, diagnostics: read.diagnostics });
}

/**
 * One instruction, such as an ONBUILD trigger with its heredocs behind it.
 * @param range stands for every range of it
 */
export function parseInstruction(
  text: string,
  { file, range }: { file: string; range: SourceRange },
): { instruction?: Instruction; errors: readonly BuildError[] } {
  const parsed = parseDockerfile(text, { file });
  const errors = parsed.errors.map((error) => new BuildError(error.code, error.message, { range, hint: error.hint }));
  const [instruction, ...more] = parsed.instructions;
  if (more.length > 0) return { errors };
  return { errors, ...(instruction === undefined ? {} : { instruction: freeze(relocated(instruction, range)) }) };
}

interface StatementContext {
  readonly escape: '\\' | '`';
  readonly place: KeywordPlace | undefined;
}

function parseStatement(statement: Statement, { escape, place }: StatementContext): Instruction | BuildError {
  const { line, heredocs, comments, endLine, endColumn } = statement;
  const keywordText = keywordOf(line.text);
  const parser = PARSERS[keywordText.toUpperCase()];
  if (parser === undefined) return unknownInstruction(line, { keywordText, place });
  try {
    const source = readSource(line, { heredocs, escape });
    return {
      ...parser(source),
      keyword: source.keyword,
      keywordText,
      range: { ...line.range(), endLine, endColumn },
      text: line.text.trim(),
      flags: source.flags,
      heredocs: publicHeredocs(source),
      comments,
    } as Instruction;
  } catch (error) {
    if (error instanceof BuildError) return error;
    throw error;
  }
}

function unknownInstruction(
  line: LogicalLine,
  { keywordText, place }: { keywordText: string; place: KeywordPlace | undefined },
): BuildError {
  const own = line.range(0, keywordText.length);
  const range = place === undefined ? own : { ...own, startColumn: place.startColumn, endColumn: place.endColumn };
  const near = didYouMean(keywordText.toUpperCase(), KEYWORDS);
  return new BuildError('unknown-instruction', `unknown instruction: ${keywordText}`, {
    range,
    hint:
      near === undefined ? 'if this continues the line above, end that one with a backslash' : `did you mean ${near}?`,
  });
}

function nothingHere(text: string, file: string): BuildError {
  const range = { file, startLine: 1, startColumn: 1, endLine: 1, endColumn: 1 };
  const message = text.trim() === '' ? 'the Dockerfile cannot be empty' : 'file with no instructions';
  return new BuildError('dockerfile-empty', message, { range, hint: 'begin with FROM' });
}

/** RUN, COPY and ADD in word form, and ONBUILD of them. */
function takesHeredocs(text: string): boolean {
  const keyword = keywordOf(text);
  const after = text.slice(text.indexOf(keyword) + keyword.length);
  const upper = keyword.toUpperCase();
  if (upper === 'ONBUILD') return takesHeredocs(after);
  if (upper !== 'RUN' && upper !== 'COPY' && upper !== 'ADD') return false;
  return jsonForm(after.slice(leadingFlags(after, 0).rest).trim()).kind !== 'list';
}

function relocated<T>(value: T, range: SourceRange): T {
  if (Array.isArray(value)) return value.map((item) => relocated(item as unknown, range)) as T;
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [key, key === 'range' ? range : relocated(item as unknown, range)]),
  ) as T;
}
