import { Lexer, type LexerOptions } from './lexer.ts';

export type ExpandOptions = Pick<LexerOptions, 'env' | 'escape'>;

/** One word: variables expanded, quotes and escapes removed. @throws BuildError expansion-failed, without a range */
export function expandWord(text: string, options: ExpandOptions): string {
  return new Lexer(text, options).run().text;
}

/** The words of a text, parted after expansion. @throws as expandWord */
export function expandWords(text: string, options: ExpandOptions): readonly string[] {
  return new Lexer(text, options).run().words;
}

/** A heredoc body: variables expanded, quotes kept. @throws as expandWord */
export function expandRaw(text: string, options: ExpandOptions): string {
  return new Lexer(text, { ...options, skipQuotes: true }).run().text;
}

/** Words as they are written, with quotes or without, and no variable expanded; [] for an open quote. */
export function literalWords(text: string, { quotes }: { quotes: boolean }): readonly string[] {
  try {
    const raw = quotes ? { rawQuotes: true, rawEscapes: true } : {};
    return new Lexer(text, { env: () => undefined, escape: '\\', keepUnset: true, ...raw }).run().words;
  } catch {
    return [];
  }
}
