import { BuildError } from '../../errors.ts';
import { Failure } from './failure.ts';
import { type Lexed, Lexer, type LexerOptions } from './lexer.ts';

export { endOfText, isSpace, skipSpaces, trimSpaces } from './space.ts';

export interface ExpandOptions {
  readonly env: (name: string) => string | undefined;
  readonly escape: '\\' | '`';
  /** Told of every variable that is looked up and not set, also where a default stands for it. */
  readonly onUnset?: (name: string) => void;
}

/**
 * Variables replaced, quotes and escapes removed: one word, blanks and all.
 * @throws BuildError expansion-failed, without a range
 */
export function expandWord(text: string, options: ExpandOptions): string {
  return lex(text, options).text;
}

/** As expandWord, then split at the blanks that were neither quoted nor escaped. */
export function expandWords(text: string, options: ExpandOptions): readonly string[] {
  return lex(text, options).words;
}

/** The body of a heredoc: quotes stay, the escape character hides the next one and goes. */
export function expandRaw(text: string, options: ExpandOptions): string {
  return lex(text, { ...options, ignoreQuotes: true }).text;
}

/** A line as the shell would split it, quotes, escapes and variables as written. undefined when it cannot be split. */
export function shellWords(line: string): readonly string[] | undefined {
  return wordsOf(line, { keepQuotes: true, keepEscapes: true });
}

/** One word without its escapes, variables as written, with or without its quotes; undefined when a quote is open. */
export function unescapedWords(
  word: string,
  { keepQuotes }: { readonly keepQuotes: boolean },
): readonly string[] | undefined {
  return wordsOf(word, { keepQuotes });
}

const SHOWN = 200;

function lex(text: string, options: LexerOptions): Lexed {
  try {
    return new Lexer(text, options).run();
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    const shown = text.length > SHOWN ? `${text.slice(0, SHOWN)}…` : text;
    throw new BuildError('expansion-failed', `failed to process ${JSON.stringify(shown)}: ${error.message}`, {
      hint: error.hint,
    });
  }
}

function wordsOf(text: string, options: Partial<LexerOptions>): readonly string[] | undefined {
  try {
    return new Lexer(text, { env: () => undefined, escape: '\\', keepUnset: true, ...options }).run().words;
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    return undefined;
  }
}
