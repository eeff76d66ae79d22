/** A word of a logical line with its place in it. */
export interface Placed {
  readonly text: string;
  readonly start: number;
  readonly end: number;
}

const BLANK = /\s/u;

/** Parts at blanks and nothing else: `[\t\v\f\r ]+`. */
export function blankWords(text: string, offset: number): readonly Placed[] {
  return [...text.matchAll(/[^\t\v\f\r ]+/g)].map((match) => ({
    text: match[0],
    start: offset + match.index,
    end: offset + match.index + match[0].length,
  }));
}

/** Parts at blanks outside quotes; quotes and escapes stay in the words. BuildKit's parseWords. */
export function quotedWords(text: string, { escape, offset }: { escape: string; offset: number }): readonly Placed[] {
  const words: Placed[] = [];
  let start = -1;
  let quote = '';
  for (let at = 0; at < text.length; at += 1) {
    const char = text[at] ?? '';
    if (quote === '' && BLANK.test(char)) {
      if (start >= 0) words.push({ text: text.slice(start, at), start: offset + start, end: offset + at });
      start = -1;
      continue;
    }
    if (start < 0) start = at;
    if (char === escape && quote !== "'") at += 1;
    else if (quote !== '') quote = char === quote ? '' : quote;
    else if (char === '"' || char === "'") quote = char;
  }
  if (start >= 0)
    words.push({
      text: withoutTrailingEscape(text.slice(start), escape),
      start: offset + start,
      end: offset + text.length,
    });
  return words;
}

/** An escape character that ends the text escapes nothing and goes. */
function withoutTrailingEscape(word: string, escape: string): string {
  let count = 0;
  while (word[word.length - 1 - count] === escape) count += 1;
  return count % 2 === 1 ? word.slice(0, -1) : word;
}

/** A leading `--name[=value]` of an instruction, its quotes and escapes resolved. */
export interface PlacedFlag extends Placed {
  readonly value: string;
}

/** The flags that an instruction's arguments begin with, and where the rest starts. BuildKit's extractBuilderFlags. */
export function leadingFlags(text: string, offset: number): { flags: readonly PlacedFlag[]; rest: number } {
  const flags: PlacedFlag[] = [];
  let at = 0;
  for (;;) {
    while (at < text.length && BLANK.test(text[at] ?? '')) at += 1;
    if (!text.startsWith('--', at)) return { flags, rest: at };
    const flag = flagAt(text, at);
    at = flag.end;
    if (flag.value === '--') return { flags, rest: at };
    flags.push({
      text: text.slice(flag.start, flag.end),
      value: flag.value,
      start: offset + flag.start,
      end: offset + flag.end,
    });
  }
}

function flagAt(text: string, start: number): { value: string; start: number; end: number } {
  const value: string[] = [];
  let quote = '';
  let at = start;
  for (; at < text.length; at += 1) {
    const char = text[at] ?? '';
    if (char === '\\') {
      at += 1;
      value.push(text[at] ?? '');
    } else if (quote !== '') {
      if (char === quote) quote = '';
      else value.push(char);
    } else if (BLANK.test(char)) break;
    else if (char === '"' || char === "'") quote = char;
    else value.push(char);
  }
  return { value: value.join(''), start, end: Math.min(at, text.length) };
}
