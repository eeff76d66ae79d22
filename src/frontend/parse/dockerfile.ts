import { BuildError } from '../../errors.ts';
import type { Directives, Dockerfile } from '../ast.ts';
import { directiveError } from './directive-errors.ts';
import { checkProblem, type FoundDirectives, findDirectives } from './directives.ts';
import { findForeignSyntax, foreignSyntaxError } from './foreign-syntax.ts';
import { freeze } from './freeze.ts';
import { knownKeywords } from './instructions.ts';
import { textOf } from './lines.ts';
import { type ReadStatements, readStatements } from './read-statements.ts';
import { openSource, type Source } from './source.ts';

/**
 * Reads all of a Dockerfile as BuildKit does, in time linear in the text. Whatever the text, it does not throw: see
 * `errors`, where a reading that met a thousand of them ends.
 */
export function parseDockerfile(text: string | Uint8Array, { file }: { readonly file: string }): Dockerfile {
  const source = openSource(text, file);
  const read = readStatements(source);
  const found = findDirectives(linesOf(source));
  const foreign = found.syntax === undefined ? findForeignSyntax(source) : undefined;
  const errors =
    foreign === undefined
      ? [...read.errors, ...fileErrors(read, { source, file })]
      : [foreignSyntaxError(foreign, source)];
  const checkError = checkErrorOf(found, source);
  return freeze({
    file,
    text: source.text,
    directives: directivesOf({ ...found, ...foreign }, read.escapeToken),
    instructions: read.instructions,
    errors: inSourceOrder(errors),
    isLegible: read.isLegible,
    ...(checkError === undefined ? {} : { checkError }),
    diagnostics: read.diagnostics,
  });
}

function* linesOf(source: Source): Iterable<string> {
  for (let index = 0; index < source.lineCount; index++) yield textOf(source, source.line(index));
}

function directivesOf({ syntax, check }: FoundDirectives, escapeToken: Directives['escape']): Directives {
  return {
    escape: escapeToken,
    ...(syntax === undefined ? {} : { syntax }),
    ...(check === undefined ? {} : { check: check.value }),
  };
}

function checkErrorOf({ check }: FoundDirectives, source: Source): BuildError | undefined {
  const message = check === undefined ? undefined : checkProblem(check.value);
  if (check === undefined || message === undefined) return undefined;
  const hint = 'write # check=skip=RULE,RULE;error=true;experimental=RULE';
  return directiveError(source, source.line(check.line), { message, hint });
}

/** What the instructions say only together. An instruction that is not known may have been meant as FROM. */
function fileErrors(
  { keywords }: ReadStatements,
  { source, file }: { source: Source; file: string },
): readonly BuildError[] {
  const hint = 'start with FROM IMAGE, or FROM scratch';
  const isEmpty = source.text === '';
  if (keywords.length === 0) {
    const message = isEmpty ? 'the Dockerfile cannot be empty' : 'file with no instructions';
    return [new BuildError('dockerfile-empty', message, { range: lastLine(source, file), hint })];
  }
  const first = keywords.find(({ keyword }) => keyword !== 'ARG');
  if (first === undefined) {
    const message = 'dockerfile contains no stages to build: no stage begins with FROM';
    return [new BuildError('dockerfile-empty', message, { range: lastLine(source, file), hint })];
  }
  if (first.keyword === 'FROM' || !knownKeywords().includes(first.keyword)) return [];
  const message = `no build stage in current context: ${first.keyword} stands before the first FROM`;
  return [new BuildError('stage-invalid', message, { range: first.range(), hint: 'only ARG may stand before FROM' })];
}

/** Of an empty text, the place where the first character would stand. */
function lastLine(source: Source, file: string): BuildError['range'] {
  if (source.lineCount === 0) return { file, startLine: 1, startColumn: 1, endLine: 1, endColumn: 1 };
  const { start, end } = source.line(source.lineCount - 1);
  return source.rangeOf(start, end);
}

function inSourceOrder(errors: readonly BuildError[]): readonly BuildError[] {
  const line = ({ range }: BuildError): number => range?.startLine ?? Number.MAX_SAFE_INTEGER;
  const column = ({ range }: BuildError): number => range?.startColumn ?? 0;
  return [...errors].sort((a, b) => line(a) - line(b) || column(a) - column(b));
}
