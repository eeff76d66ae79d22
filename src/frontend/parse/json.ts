import { skipSpaces } from '../expand/index.ts';
import { type Piece, slicePiece } from './piece.ts';

export type JsonWords = readonly Piece[] | 'no-json' | 'not-strings';

/**
 * The exec form: a JSON array of strings, each located with its quotes. Anything that is no JSON array is taken for
 * the shell form without a word; an array with other values in it is a mistake.
 */
export function parseJsonWords(piece: Piece): JsonWords {
  const start = skipSpaces(piece.text);
  if (piece.text[start] !== '[') return 'no-json';
  const values = parseArray(piece.text.slice(start));
  if (values === undefined) return 'no-json';
  if (!values.every((value) => typeof value === 'string')) return 'not-strings';
  const spans = stringSpans(piece.text, start);
  return values.map((value, index) => {
    const [from, to] = spans[index] ?? [start, piece.text.length];
    return { ...slicePiece(piece, from, to), text: value.replace(LONE_SURROGATE, '\ufffd') };
  });
}

const LONE_SURROGATE = /\p{Surrogate}/gu;

function parseArray(text: string): readonly unknown[] | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return Array.isArray(value) ? value : undefined;
  } catch (error) {
    if (!(error instanceof SyntaxError || error instanceof RangeError)) throw error;
    return undefined;
  }
}

/** Where the strings of a flat array stand, with their quotes. */
function stringSpans(text: string, start: number): readonly (readonly [from: number, to: number])[] {
  const spans: [number, number][] = [];
  for (let from = text.indexOf('"', start); from >= 0; ) {
    let to = from + 1;
    while (text[to] !== '"') to += text[to] === '\\' ? 2 : 1;
    spans.push([from, to + 1]);
    from = text.indexOf('"', to + 1);
  }
  return spans;
}
