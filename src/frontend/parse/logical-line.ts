import type { SourceRange } from '../../errors.ts';

interface Piece {
  /** Offset of the piece in the joined text. */
  readonly start: number;
  readonly line: number;
  /** 1-based column of its first character. */
  readonly column: number;
}

/** An instruction's text with continuation lines joined, and where in the file each part of it stands. */
export class LogicalLine {
  readonly file: string;
  readonly startLine: number;
  readonly text: string;
  readonly #pieces: readonly Piece[];

  constructor(
    file: string,
    parts: readonly { readonly text: string; readonly line: number; readonly column: number }[],
  ) {
    this.file = file;
    this.startLine = parts[0]?.line ?? 1;
    const pieces: Piece[] = [];
    let start = 0;
    for (const { text, line, column } of parts) {
      pieces.push({ start, line, column });
      start += text.length;
    }
    this.#pieces = pieces;
    this.text = parts.map((part) => part.text).join('');
  }

  /** The source range of a part of the text, end exclusive. */
  range(from = 0, to = this.text.length): SourceRange {
    const start = this.#position(from);
    const end = this.#position(Math.max(from, to - 1));
    return {
      file: this.file,
      startLine: start.line,
      startColumn: start.column,
      endLine: end.line,
      endColumn: end.column + (to > from ? 1 : 0),
    };
  }

  #position(offset: number): { line: number; column: number } {
    let low = 0;
    let high = this.#pieces.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((this.#pieces[middle]?.start ?? 0) <= offset) low = middle;
      else high = middle - 1;
    }
    const piece = this.#pieces[low] ?? { start: 0, line: this.startLine, column: 1 };
    return { line: piece.line, column: piece.column + offset - piece.start };
  }
}
