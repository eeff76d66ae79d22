import { isSpace } from '../expand/index.ts';
import type { Escape } from './lines.ts';
import { type Piece, slicePiece, splitFirst, trimPiece } from './piece.ts';

/** A logical line by its parts. */
export interface CommandLine {
  readonly keyword: Piece;
  readonly flags: readonly FlagWord[];
  /** Behind the flags, trimmed; '' when there is nothing. */
  readonly rest: Piece;
}

export interface FlagWord {
  readonly piece: Piece;
  /** Without the quotes and escapes of the flag syntax: `--name=value`. */
  readonly resolved: string;
}

export function splitCommand(line: Piece, escapeToken: Escape): CommandLine {
  const [keyword, args] = splitFirst(trimPiece(line));
  if (args === undefined) return { keyword, flags: [], rest: slicePiece(keyword, keyword.text.length) };
  const { flags, end } = readFlags(args, escapeToken);
  return { keyword, flags, rest: trimPiece(slicePiece(args, end)) };
}

/** The leading words that begin with `--`, up to the first other word, or over a lone `--`. */
function readFlags(args: Piece, escapeToken: Escape): { readonly flags: readonly FlagWord[]; readonly end: number } {
  const flags: FlagWord[] = [];
  for (let at = 0; ; ) {
    while (at < args.text.length && isSpace(args.text.charAt(at))) at++;
    if (!args.text.startsWith('--', at)) return { flags, end: at };
    const { resolved, end } = readFlagWord(args.text, { start: at, escapeToken });
    const isEnd = resolved === '--';
    if (!isEnd) flags.push({ piece: slicePiece(args, at, end), resolved });
    if (isEnd || end === args.text.length) return { flags, end };
    at = end;
  }
}

/** Quotes of both kinds, and the escape character of the file, inside quotes too. An open quote reads on to the end. */
function readFlagWord(
  text: string,
  { start, escapeToken }: { start: number; escapeToken: Escape },
): { readonly resolved: string; readonly end: number } {
  const chars: string[] = [];
  let quote = '';
  let at = start;
  for (; at < text.length && (quote !== '' || !isSpace(text.charAt(at))); at++) {
    const char = text.charAt(at);
    if (char === escapeToken) {
      at++;
      chars.push(text.charAt(at));
    } else if (quote === '' ? char === '"' || char === "'" : char === quote) quote = quote === '' ? char : '';
    else chars.push(char);
  }
  return { resolved: chars.join(''), end: Math.min(at, text.length) };
}
