import { isSpace } from '../expand/index.ts';
import type { Escape } from './lines.ts';
import { type Piece, slicePiece } from './piece.ts';

/**
 * Splits at blanks that are neither quoted nor escaped. Quotes and escapes stay in the words; an escape character at
 * the very end is dropped.
 */
export function splitWords(piece: Piece, escapeToken: Escape): readonly Piece[] {
  const { text } = piece;
  const words: Piece[] = [];
  for (let at = 0; at < text.length; ) {
    if (isSpace(text.charAt(at))) {
      at++;
      continue;
    }
    const end = wordEnd(text, at, escapeToken);
    const word = slicePiece(piece, at, end > text.length ? text.length - 1 : end);
    if (word.text !== '') words.push(word);
    at = end;
  }
  return words;
}

/** One more than the length when the text ends with an escape character that hides nothing. */
function wordEnd(text: string, start: number, escapeToken: Escape): number {
  let quote = '';
  let at = start;
  for (; at < text.length; at++) {
    const char = text.charAt(at);
    if (quote === '' && isSpace(char)) return at;
    if (char === escapeToken && quote !== "'") at++;
    else if (quote === '' ? char === '"' || char === "'" : char === quote) quote = quote === '' ? char : '';
  }
  return at;
}
