import { parseJsonWords } from './json.ts';
import { type Piece, splitBlanks } from './piece.ts';
import { refuseText, type Statement } from './statement.ts';

export interface CommandForm {
  readonly form: 'shell' | 'exec';
  readonly args: readonly string[];
}

/** The exec form, or everything as one string for the shell. */
export function commandForm(statement: Statement, rest: Piece): CommandForm {
  const words = jsonWords(statement, rest);
  if (words === undefined) return { form: 'shell', args: [rest.text] };
  return { form: 'exec', args: words.map(({ text }) => text) };
}

/** The elements of a JSON array, or the words between blanks. */
export function listForm(
  statement: Statement,
  rest: Piece,
): { readonly form: 'words' | 'json'; readonly words: readonly Piece[] } {
  const words = jsonWords(statement, rest);
  return words === undefined ? { form: 'words', words: splitBlanks(rest) } : { form: 'json', words };
}

/** undefined when the text is no JSON array. */
export function jsonWords(statement: Statement, rest: Piece): readonly Piece[] | undefined {
  const words = parseJsonWords(rest);
  if (words === 'no-json') return undefined;
  if (words !== 'not-strings') return words;
  throw refuseText(statement, 'when using JSON array syntax, arrays must be comprised of strings only', {
    at: rest,
    hint: `put every element in double quotes: ${JSON.stringify(firstOther(rest.text))}`,
  });
}

/** The first element that is no string, as it would be written as one. */
function firstOther(array: string): string {
  const values = JSON.parse(array) as readonly unknown[];
  const text = JSON.stringify(values.find((value) => typeof value !== 'string'));
  return text.length > SHOWN ? `${text.slice(0, SHOWN)}…` : text;
}

const SHOWN = 40;
