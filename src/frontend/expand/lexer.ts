import { Failure } from './failure.ts';
import { replaceAll, replaceFirst, trimPrefix, trimSuffix } from './pattern.ts';
import { WordList } from './word-list.ts';

export interface LexerOptions {
  readonly env: (name: string) => string | undefined;
  readonly escape: '\\' | '`';
  readonly onUnset?: ((name: string) => void) | undefined;
  readonly keepQuotes?: boolean;
  readonly keepEscapes?: boolean;
  /** References to variables that are not set stay as they are. */
  readonly keepUnset?: boolean;
  /** Quotes are characters like any other, as in a heredoc. */
  readonly ignoreQuotes?: boolean;
}

export interface Lexed {
  readonly text: string;
  readonly words: readonly string[];
}

const MAX_DEPTH = 200;
const MAX_LENGTH = 16 * 1024 * 1024;
/** Digits, or one special parameter, or letters, digits and underscores. */
const NAME = /\p{Nd}+|[@*#?$!-]|[\p{L}\p{Nd}_]+/uy;
/** Between `<<` and the name; other blanks end the word. */
const HEREDOC_BLANKS: ReadonlySet<string | undefined> = new Set([' ', '\t', '\r']);
const CLOSE_BRACE = 'close the substitution with }, or write \\$ for a dollar sign';
const MODIFIERS = 'the modifiers are :- - :+ + :? ? # ## % %% / and //';

/** Reads one text from left to right, once. @throws Failure */
export class Lexer {
  readonly #text: string;
  readonly #options: LexerOptions;
  #pos = 0;
  #depth = 0;
  #length = 0;
  #keepsEscapes: boolean;

  constructor(text: string, options: LexerOptions) {
    this.#text = text;
    this.#options = options;
    this.#keepsEscapes = options.keepEscapes ?? false;
  }

  run(): Lexed {
    return this.#until(undefined, this.#keepsEscapes);
  }

  /** Up to and over the stop character, which an escape, quotes or an inner substitution hide. */
  #until(stop: string | undefined, keepsEscapes: boolean): Lexed {
    const before = this.#keepsEscapes;
    this.#keepsEscapes = keepsEscapes;
    this.#depth++;
    if (this.#depth > MAX_DEPTH) throw new Failure('substitutions are nested too deeply', 'use a few ARGs instead');
    try {
      return this.#pieces(stop);
    } finally {
      this.#depth--;
      this.#keepsEscapes = before;
    }
  }

  #pieces(stop: string | undefined): Lexed {
    const words = new WordList();
    let text = '';
    for (let char = this.#peek(); char !== undefined && char !== stop; char = this.#peek()) {
      const piece = this.#piece(char);
      text += piece.text;
      if (piece.isRaw) words.addRaw(piece.text);
      else words.add(piece.text);
    }
    if (stop !== undefined && this.#take() === undefined) {
      throw new Failure(`unexpected end of statement while looking for matching ${stop}`, CLOSE_BRACE);
    }
    return { text, words: words.finish() };
  }

  /** One character or what begins with it. Blanks of a raw piece do not end a word. */
  #piece(char: string): { readonly text: string; readonly isRaw: boolean } {
    if (char === '$') return { text: this.#dollar(), isRaw: false };
    if (this.#options.ignoreQuotes !== true) {
      if (char === "'") return { text: this.#singleQuoted(), isRaw: true };
      if (char === '"') return { text: this.#doubleQuoted(), isRaw: true };
      if (char === '<') return { text: this.#heredocSign(), isRaw: true };
    }
    this.#pos++;
    return char === this.#options.escape ? { text: this.#escaped(), isRaw: true } : { text: char, isRaw: false };
  }

  #escaped(): string {
    const kept = this.#keepsEscapes ? this.#options.escape : '';
    return kept + (this.#take() ?? '');
  }

  /** `<<` takes the blanks behind it along: `<< EOF` is one word. */
  #heredocSign(): string {
    const start = this.#pos;
    this.#pos++;
    if (this.#peek() !== '<') return '<';
    this.#pos++;
    while (HEREDOC_BLANKS.has(this.#peek())) this.#pos++;
    return this.#text.slice(start, this.#pos);
  }

  #singleQuoted(): string {
    const end = this.#text.indexOf("'", this.#pos + 1);
    if (end < 0) throw unmatched('single-quote', this.#options.escape);
    const start = this.#pos;
    this.#pos = end + 1;
    return this.#options.keepQuotes === true ? this.#text.slice(start, end + 1) : this.#text.slice(start + 1, end);
  }

  #doubleQuoted(): string {
    const quote = this.#options.keepQuotes === true ? '"' : '';
    let text = quote;
    this.#pos++;
    for (let char = this.#peek(); char !== '"'; char = this.#peek()) {
      if (char === undefined) throw unmatched('double-quote', this.#options.escape);
      if (char === '$') text += this.#dollar();
      else text += this.#inDoubleQuotes(char);
    }
    this.#pos++;
    return text + quote;
  }

  /** The escape character hides `"`, `$` and itself; before anything else it stays. */
  #inDoubleQuotes(char: string): string {
    this.#pos++;
    const escapeToken = this.#options.escape;
    if (char !== escapeToken) return char;
    const kept = this.#keepsEscapes ? escapeToken : '';
    const next = this.#peek();
    if (next === undefined) return kept;
    if (next !== '"' && next !== '$' && next !== escapeToken) return kept + escapeToken;
    this.#pos++;
    return kept + next;
  }

  #dollar(): string {
    this.#pos++;
    if (this.#peek() !== '{') {
      const name = this.#name();
      return name === '' ? '$' : this.#value(name, `$${name}`);
    }
    this.#pos++;
    const next = this.#peek();
    if (next === undefined) throw new Failure("syntax error: missing '}'", CLOSE_BRACE);
    if (next === '{' || next === '}' || next === ':') {
      throw new Failure('syntax error: bad substitution', `write $\{NAME}, or \\$ for a dollar sign`);
    }
    return this.#braced(this.#name());
  }

  #braced(name: string): string {
    const first = this.#take();
    if (first === '}') return this.#value(name, `\${${name}}`);
    if (first === '/') return this.#replaced(name);
    const isColon = first === ':';
    const operator = isColon ? this.#take() : first;
    if (operator === undefined) throw new Failure("syntax error: missing '}'", CLOSE_BRACE);
    const written = isColon ? `:${operator}` : operator;
    const isTrim = operator === '#' || operator === '%';
    if (isColon ? isTrim : !'+-?#%'.includes(operator)) throw unsupported(written);
    const word = this.#wordUntil('}', isTrim);
    const value = this.#lookUp(name);
    if (value === undefined && this.#options.keepUnset === true) return `\${${name}${written}${word}}`;
    return this.#modified({ name, value, operator, written, word });
  }

  #modified({ name, value, operator, written, word }: Modified): string {
    const isMissing = value === undefined || (written.startsWith(':') && value === '');
    switch (operator) {
      case '-':
        return isMissing ? word : this.#counted(value);
      case '+':
        return isMissing ? '' : word;
      case '?':
        if (isMissing) throw required(name, value, word);
        return this.#counted(value);
      case '#':
      case '%':
        return this.#trimmed(value ?? '', operator, word);
      default:
        throw unsupported(written);
    }
  }

  /** A second sign before the pattern asks for the longest match. */
  #trimmed(value: string, sign: '#' | '%', word: string): string {
    const longest = word.startsWith(sign);
    const trim = sign === '#' ? trimPrefix : trimSuffix;
    return trim(this.#counted(value), longest ? word.slice(1) : word, { longest });
  }

  #replaced(name: string): string {
    const isAll = this.#peek() === '/';
    if (isAll) this.#pos++;
    const pattern = this.#wordUntil('/', true);
    const replacement = this.#wordUntil('}', true);
    const value = this.#lookUp(name);
    if (value === undefined && this.#options.keepUnset === true) return `\${${name}/${pattern}/${replacement}}`;
    return this.#counted((isAll ? replaceAll : replaceFirst)(this.#counted(value ?? ''), pattern, replacement));
  }

  #wordUntil(stop: '}' | '/', keepsEscapes: boolean): string {
    try {
      return this.#until(stop, keepsEscapes).text;
    } catch (error) {
      if (!(error instanceof Failure) || this.#pos < this.#text.length) throw error;
      throw new Failure(stop === '}' ? "syntax error: missing '}'" : `syntax error: missing '/' in $\{}`, CLOSE_BRACE);
    }
  }

  #name(): string {
    NAME.lastIndex = this.#pos;
    const name = NAME.exec(this.#text)?.[0] ?? '';
    this.#pos += name.length;
    return name;
  }

  #value(name: string, reference: string): string {
    const value = this.#lookUp(name);
    if (value === undefined) return this.#options.keepUnset === true ? reference : '';
    return this.#counted(value);
  }

  #lookUp(name: string): string | undefined {
    const value = this.#options.env(name);
    if (value === undefined) this.#options.onUnset?.(name);
    return value;
  }

  /** Variables that hold each other twice would double with every line. */
  #counted(value: string): string {
    this.#length += value.length;
    if (this.#length > MAX_LENGTH)
      throw new Failure('the result is too long', 'shorten the variables that it is made of');
    return value;
  }

  #peek(): string | undefined {
    return this.#text[this.#pos];
  }

  #take(): string | undefined {
    const char = this.#text[this.#pos];
    if (char !== undefined) this.#pos++;
    return char;
  }
}

interface Modified {
  readonly name: string;
  readonly value: string | undefined;
  readonly operator: string;
  readonly written: string;
  readonly word: string;
}

function unmatched(quote: string, escapeToken: string): Failure {
  return new Failure(
    `unexpected end of statement while looking for matching ${quote}`,
    `close the quote, or write ${escapeToken} before it`,
  );
}

function unsupported(modifier: string): Failure {
  return new Failure(`unsupported modifier (${modifier}) in substitution`, MODIFIERS);
}

function required(name: string, value: string | undefined, word: string): Failure {
  const message = word || (value === undefined ? 'is not allowed to be unset' : 'is not allowed to be empty');
  return new Failure(`${name}: ${message}`, `give ${name} a value with ARG, ENV or --build-arg`);
}
