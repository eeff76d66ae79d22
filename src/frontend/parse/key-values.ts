import type { ArgInstruction, EnvInstruction, KeyValue, LabelInstruction } from '../ast.ts';
import { type Piece, slicePiece, splitFirst } from './piece.ts';
import { refuse, refuseText, type Statement } from './statement.ts';
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
function keyValues(
  statement: Statement,
  keyword: string,
): { readonly pairs: readonly KeyValue[]; readonly isLegacy: boolean } {
  const words = keyValueWords(statement, keyword);
  if (words === 'legacy') return { pairs: [legacyPair(statement)], isLegacy: true };
  if (words.length === 0) {
    throw refuse(statement, `${keyword} requires at least one argument`, { hint: `write ${keyword} NAME=VALUE` });
  }
  return { pairs: words.map((word) => pairOf(word, { statement, keyword })), isLegacy: false };
}

/** The words with a `=` each, whatever stands before it. */
export function keyValueWords(statement: Statement, keyword: string): readonly Piece[] | 'legacy' {
  const { rest, escapeToken } = statement;
  const words = splitWords(rest, escapeToken);
  if (words[0]?.text.includes('=') === false) {
    assertTwo(statement, keyword);
    return 'legacy';
  }
  const odd = words.find((word) => !word.text.includes('='));
  if (odd === undefined) return words;
  const next = words[words.indexOf(odd) + 1];
  const hint = next?.text.startsWith('=')
    ? `write ${odd.text}=VALUE, with no blank around =`
    : 'quote a value that has blanks: NAME="two words"';
  const message = `Syntax error - can't find = in ${JSON.stringify(odd.text)}. Must be of the form: name=value`;
  throw refuseText(statement, message, { at: odd, hint });
}

function assertTwo(statement: Statement, keyword: string): void {
  const [key, value] = splitFirst(statement.rest);
  if (value !== undefined) return;
  const hint = `write ${keyword} ${key.text}=value`;
  throw refuseText(statement, `${keyword} must have two arguments`, { at: key, hint });
}

function legacyPair({ rest, rangeOf }: Statement): KeyValue {
  const [key, value] = splitFirst(rest);
  return { key: key.text, value: value?.text, range: rangeOf(rest) };
}

function pairOf(word: Piece, { statement, keyword }: { statement: Statement; keyword: string }): KeyValue {
  const at = word.text.indexOf('=');
  const key = at < 0 ? word : slicePiece(word, 0, at);
  if (key.text === '') {
    throw refuse(statement, `${keyword} names can not be blank`, { at: word, hint: 'put a name before the =' });
  }
  return { key: key.text, value: at < 0 ? undefined : word.text.slice(at + 1), range: statement.rangeOf(word) };
}
