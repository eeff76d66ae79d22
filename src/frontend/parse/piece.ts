import { endOfText, skipSpaces } from '../expand/index.ts';

/** Text that stands from `start` to `end` (exclusive) in a logical line; what is written there may have quotes more. */
export interface Piece {
  readonly text: string;
  readonly start: number;
  readonly end: number;
}

export function slicePiece(piece: Piece, start: number, end = piece.text.length): Piece {
  return { text: piece.text.slice(start, end), start: piece.start + start, end: piece.start + end };
}

export function trimPiece(piece: Piece): Piece {
  const start = skipSpaces(piece.text);
  return slicePiece(piece, start, Math.max(start, endOfText(piece.text)));
}

/** The words between blanks (not between other Unicode spaces). A trimmed piece that is not empty has at least one. */
export function splitBlanks(piece: Piece): readonly Piece[] {
  return Array.from(piece.text.matchAll(/[^\t\v\f\r ]+/g), (match) =>
    slicePiece(piece, match.index, match.index + match[0].length),
  );
}

/** The first word and the trimmed rest, which is undefined when nothing stands behind the word. */
export function splitFirst(piece: Piece): readonly [first: Piece, rest: Piece | undefined] {
  const at = piece.text.search(/[\t\v\f\r ]/);
  if (at < 0) return [piece, undefined];
  const behind = slicePiece(piece, at);
  const blanks = /^[\t\v\f\r ]+/.exec(behind.text)?.[0].length ?? 0;
  return [slicePiece(piece, 0, at), slicePiece(behind, blanks)];
}
