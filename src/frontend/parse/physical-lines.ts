/** One line of the file. */
export interface PhysicalLine {
  /** With its line end. */
  readonly raw: string;
  /** Without `\r` and `\n` at its end. */
  readonly text: string;
  /** 1-based. */
  readonly number: number;
}

/** BuildKit reads lines of at most this many bytes. */
export const MAX_LINE_BYTES = 65_535;

/** Lines of a Dockerfile; a byte order mark at its start is not part of the first. */
export function physicalLines(text: string): readonly PhysicalLine[] {
  const lines: PhysicalLine[] = [];
  let start = text.startsWith('\ufeff') ? 1 : 0;
  while (start < text.length) {
    const newline = text.indexOf('\n', start);
    const end = newline < 0 ? text.length : newline + 1;
    const raw = text.slice(start, end);
    lines.push({ raw, text: raw.replace(/[\r\n]+$/, ''), number: lines.length + 1 });
    start = end;
  }
  return lines;
}

const SPACE = /^\s*/u;

export function leadingBlanks(text: string): number {
  return SPACE.exec(text)?.[0].length ?? 0;
}

export function isComment(text: string): boolean {
  return text.charCodeAt(leadingBlanks(text)) === 0x23;
}
