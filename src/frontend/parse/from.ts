import type { BuildError } from '../../errors.ts';
import type { FromInstruction } from '../ast.ts';
import { type Piece, splitBlanks } from './piece.ts';
import { refuse, type Statement } from './statement.ts';

export function parseFrom(statement: Statement): FromInstruction {
  const { common, rest, rangeOf } = statement;
  const words = splitBlanks(rest);
  const [image, as, name] = words;
  const isNamed = words.length === 3 && as !== undefined && isAs(as.text);
  if (image === undefined || !(words.length === 1 || isNamed)) throw wrongWords(words, statement);
  const base = { text: image.text, range: rangeOf(image) };
  if (as === undefined || name === undefined) return { kind: 'from', ...common, image: base };
  if (!STAGE_NAME.test(name.text.toLowerCase())) {
    const message = `invalid name for build stage: ${JSON.stringify(name.text)}, name can't start with a number or contain symbols`;
    const hint = 'begin with a letter; then letters, digits, - _ and .';
    throw refuse(statement, message, { at: name, hint, code: 'stage-invalid' });
  }
  const stage = { text: name.text, range: rangeOf(name) };
  return { kind: 'from', ...common, image: base, as: stage, asKeywordText: as.text };
}

const STAGE_NAME = /^[a-z][a-z0-9-_.]*$/;

function wrongWords([image, as, name, more]: readonly Piece[], statement: Statement): BuildError {
  const isMissingAs = image !== undefined && as !== undefined && name === undefined && !isAs(as.text);
  const hint = isMissingAs
    ? `did you mean FROM ${image.text} AS ${as.text}?`
    : 'write FROM IMAGE or FROM IMAGE AS NAME';
  return refuse(statement, 'FROM requires either one or three arguments', { at: more ?? as, hint });
}

function isAs(word: string): boolean {
  return word.toLowerCase() === 'as';
}
