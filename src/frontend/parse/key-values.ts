import type { ArgInstruction, EnvInstruction, KeyValue, LabelInstruction } from '../ast.ts';
import { type Piece, slicePiece, splitFirst } from './piece.ts';
import { refuse, type Statement } from './statement.ts';
import { splitWords } from './words.ts';

export function parseEnv(statement: Statement): EnvInstruction {
  return { kind: 'env', ...statement.common, ...keyValues(statement, 'ENV') };
}

export function parseLabel(statement: Statement): LabelInstruction {
  return { kind: 'label', ...statement.common, ...keyValues(statement, 'LABEL') };
}

export function parseArg(statement: Statement): ArgInstruction {
  const words = splitWords(statement.rest, statement.escapeToken);
  if (words.length === 0) {
    throw refuse(statement, 'ARG requires at least one argument', { hint: 'write ARG NAME or ARG NAME=default' });
  }
  return { kind: 'arg', ...statement.common, pairs: words.map((word) => pairOf(word, { statement, keyword: 'ARG' })) };
}

/** `k=v …`, or the legacy `k rest of line`. */
export function keyValues(
  statement: Statement,
  keyword: string,
): { readonly pairs: readonly KeyValue[]; readonly isLegacy: boolean } {
  const { rest, escapeToken } = statement;
  const words = splitWords(rest, escapeToken);
  const [first] = words;
  if (first === undefined) {
    throw refuse(statement, `${keyword} requires at least one argument`, { hint: `write ${keyword} NAME=VALUE` });
  }
  if (!first.text.includes('=')) return { pairs: [legacyPair(statement, keyword)], isLegacy: true };
  const odd = words.find((word) => !word.text.includes('='));
  if (odd !== undefined) {
    const next = words[words.indexOf(odd) + 1];
    const hint = next?.text.startsWith('=')
      ? `write ${odd.text}=VALUE, with no blank around =`
      : 'quote a value that has blanks: NAME="two words"';
    const message = `Syntax error - can't find = in ${JSON.stringify(odd.text)}. Must be of the form: name=value`;
    throw refuse(statement, message, { at: odd, hint });
  }
  return { pairs: words.map((word) => pairOf(word, { statement, keyword })), isLegacy: false };
}

function legacyPair(statement: Statement, keyword: string): KeyValue {
  const [key, value] = splitFirst(statement.rest);
  if (value === undefined) {
    const hint = `write ${keyword} ${key.text}=value`;
    throw refuse(statement, `${keyword} must have two arguments`, { at: key, hint });
  }
  return { key: key.text, value: value.text, range: statement.rangeOf(statement.rest) };
}

function pairOf(word: Piece, { statement, keyword }: { statement: Statement; keyword: string }): KeyValue {
  const at = word.text.indexOf('=');
  const key = at < 0 ? word : slicePiece(word, 0, at);
  if (key.text === '') {
    throw refuse(statement, `${keyword} names can not be blank`, { at: word, hint: 'put a name before the =' });
  }
  return { key: key.text, value: at < 0 ? undefined : word.text.slice(at + 1), range: statement.rangeOf(word) };
}
