import { BuildError } from '../../errors.ts';
import { parsePattern, replacePattern, trimPrefix, trimSuffix } from './pattern.ts';
import { WordList } from './word-list.ts';

export interface LexerOptions {
  /** The value of a variable; undefined when it is not set. */
  readonly env: (name: string) => string | undefined;
  readonly escape: '\\' | '`';
  /** Heredoc bodies: quotes mean nothing. */
  readonly skipQuotes?: boolean;
  /** Quotes stay in the result. */
  readonly rawQuotes?: boolean;
  /** Escape characters stay in the result. */
  readonly rawEscapes?: boolean;
  /** `$x` of an unset variable stays as it is written. */
  readonly keepUnset?: boolean;
}

const MAX_DEPTH = 100;
const SPECIAL = '@*#?-$!0';
const LETTER = /[\p{L}\p{Nd}_]/u;
const DIGIT = /\p{Nd}/u;

/**
 * Expands a word as BuildKit's shell lexer does: quotes, escapes, `$name` and `${name…}` with its modifiers. One pass, no
 * backtracking.
 */
export class Lexer {
  readonly #chars: readonly string[];
  readonly #options: LexerOptions;
  #at = 0;
  #rawEscapes: boolean;
  #depth = 0;

  constructor(text: string, options: LexerOptions) {
    this.#chars = [...text];
    this.#options = options;
    this.#rawEscapes = options.rawEscapes === true;
  }

  /** @throws BuildError expansion-failed, without a range */
  run(): { text: string; words: readonly string[] } {
    return this.#until(undefined, this.#rawEscapes);
  }

  #peek(): string | undefined {
    return this.#chars[this.#at];
  }

  #next(): string | undefined {
    const char = this.#chars[this.#at];
    this.#at += 1;
    return char;
  }

  #until(stop: string | undefined, rawEscapes: boolean): { text: string; words: readonly string[] } {
    const before = this.#rawEscapes;
    this.#rawEscapes = rawEscapes;
    this.#depth += 1;
    if (this.#depth > MAX_DEPTH) throw failed('variables are nested too deeply');
    const words = new WordList();
    const parts: string[] = [];
    const closed = this.#take(stop, { words, parts });
    this.#depth -= 1;
    this.#rawEscapes = before;
    if (stop !== undefined && !closed) throw failed(`unexpected end of statement while looking for matching ${stop}`);
    return { text: parts.join(''), words: words.all() };
  }

  /** @returns whether the stop character was met */
  #take(stop: string | undefined, { words, parts }: { words: WordList; parts: string[] }): boolean {
    for (let char = this.#peek(); char !== undefined; char = this.#peek()) {
      if (char === stop) {
        this.#next();
        return true;
      }
      if (char === '$') {
        const value = this.#dollar();
        parts.push(value);
        words.addText(value);
      } else if ((char === "'" || char === '"') && this.#options.skipQuotes !== true) {
        const quoted = char === "'" ? this.#singleQuote() : this.#doubleQuote();
        parts.push(quoted);
        words.addRaw(quoted);
      } else this.#plain({ words, parts });
    }
    return false;
  }

  #plain({ words, parts }: { words: WordList; parts: string[] }): void {
    const char = this.#next() ?? '';
    if (char !== this.#options.escape) {
      words.addText(char);
      parts.push(char);
      return;
    }
    if (this.#rawEscapes) {
      words.addRaw(char);
      parts.push(char);
    }
    const escaped = this.#next();
    if (escaped === undefined) return;
    words.addRaw(escaped);
    parts.push(escaped);
  }

  #singleQuote(): string {
    const start = this.#at;
    const end = this.#chars.indexOf("'", start + 1);
    if (end < 0) throw failed('unexpected end of statement while looking for matching single-quote');
    this.#at = end + 1;
    const inner = this.#chars.slice(start + 1, end).join('');
    return this.#options.rawQuotes === true ? `'${inner}'` : inner;
  }

  #doubleQuote(): string {
    const quote = this.#options.rawQuotes === true ? '"' : '';
    const parts = [quote];
    this.#next();
    for (;;) {
      const char = this.#peek();
      if (char === undefined) throw failed('unexpected end of statement while looking for matching double-quote');
      if (char === '"') {
        this.#next();
        return [...parts, quote].join('');
      }
      parts.push(char === '$' ? this.#dollar() : this.#quotedChar());
    }
  }

  /** Inside double quotes the escape character escapes `"`, `$` and itself; before anything else it is itself. */
  #quotedChar(): string {
    const { escape } = this.#options;
    const char = this.#next() ?? '';
    if (char !== escape) return char;
    const kept = this.#rawEscapes ? char : '';
    const following = this.#peek();
    if (following === undefined) return kept;
    if (following !== '"' && following !== '$' && following !== escape) return kept + char;
    this.#next();
    return kept + following;
  }

  #dollar(): string {
    this.#next();
    if (this.#peek() === '{') return this.#braced();
    const name = this.#name();
    if (name === '') return '$';
    const value = this.#options.env(name);
    return value ?? (this.#options.keepUnset === true ? `$${name}` : '');
  }

  #braced(): string {
    this.#next();
    const first = this.#peek();
    if (first === undefined) throw failed("syntax error: missing '}'");
    if (first === '{' || first === '}' || first === ':') throw failed('syntax error: bad substitution');
    const name = this.#name();
    const modifier = this.#next();
    if (modifier === '}') {
      const value = this.#options.env(name);
      return value ?? (this.#options.keepUnset === true ? `\${${name}}` : '');
    }
    if (modifier === '/') return this.#replacement(name);
    if (modifier === ':') return this.#modified(name, { modifier: this.#next(), nullIsUnset: true });
    return this.#modified(name, { modifier, nullIsUnset: false });
  }

  #modified(name: string, { modifier, nullIsUnset }: { modifier: string | undefined; nullIsUnset: boolean }): string {
    const shown = `${nullIsUnset ? ':' : ''}${modifier ?? ''}`;
    const isPattern = modifier === '#' || modifier === '%';
    if (modifier === undefined) throw failed("syntax error: missing '}'");
    if (!'+-?#%'.includes(modifier) || (isPattern && nullIsUnset))
      throw failed(`unsupported modifier (${shown}) in substitution`);
    const word = this.#wordUntilBrace(isPattern);
    const value = this.#options.env(name);
    if (value === undefined && this.#options.keepUnset === true) return `\${${name}${shown}${word}}`;
    const isMissing = value === undefined || (nullIsUnset && value === '');
    if (modifier === '-') return isMissing ? word : (value ?? '');
    if (modifier === '+') return isMissing ? '' : word;
    if (modifier === '?') return isMissing ? required(name, { word, isSet: value !== undefined }) : (value ?? '');
    const greedy = word.startsWith(modifier);
    const pattern = parsePattern(greedy ? word.slice(1) : word);
    return modifier === '#' ? trimPrefix(value ?? '', pattern, greedy) : trimSuffix(value ?? '', pattern, greedy);
  }

  #replacement(name: string): string {
    const all = this.#peek() === '/';
    if (all) this.#next();
    const pattern = this.#wordUntil('/', { rawEscapes: true, missing: "syntax error: missing '/' in ${" });
    const replacement = this.#wordUntil('}', { rawEscapes: true, missing: "syntax error: missing '}'" });
    const value = this.#options.env(name);
    if (value === undefined && this.#options.keepUnset === true)
      return `\${${name}/${all ? '/' : ''}${pattern}/${replacement}}`;
    return replacePattern(value ?? '', { pattern: parsePattern(pattern), replacement, all });
  }

  #wordUntilBrace(rawEscapes: boolean): string {
    return this.#wordUntil('}', { rawEscapes, missing: "syntax error: missing '}'" });
  }

  #wordUntil(stop: string, { rawEscapes, missing }: { rawEscapes: boolean; missing: string }): string {
    try {
      return this.#until(stop, rawEscapes).text;
    } catch (error) {
      if (
        error instanceof BuildError &&
        this.#peek() === undefined &&
        error.message.startsWith('unexpected end of statement')
      )
        throw failed(missing);
      throw error;
    }
  }

  #name(): string {
    const first = this.#peek();
    if (first === undefined) return '';
    if (DIGIT.test(first)) return this.#run(DIGIT);
    if (SPECIAL.includes(first)) return this.#next() ?? '';
    return this.#run(LETTER);
  }

  #run(wanted: RegExp): string {
    const start = this.#at;
    for (let char = this.#peek(); char !== undefined && wanted.test(char); char = this.#peek()) this.#at += 1;
    return this.#chars.slice(start, this.#at).join('');
  }
}

function required(name: string, { word, isSet }: { word: string; isSet: boolean }): never {
  const message = word === '' ? (isSet ? 'is not allowed to be empty' : 'is not allowed to be unset') : word;
  throw failed(`${name}: ${message}`);
}

function failed(message: string): BuildError {
  return new BuildError('expansion-failed', message, { hint: HINTS.find(([part]) => message.includes(part))?.[1] });
}

const HINTS: readonly (readonly [string, string])[] = [
  ['quote', 'close the quote, or escape it'],
  ["missing '}'", 'close the brace, or escape the dollar sign'],
  ['bad substitution', 'write ${NAME} or ${NAME:-default}'],
  ['unsupported modifier', 'the modifiers are :- - :+ + :? ? # ## % %% / and //'],
  ['not allowed to be', 'give it a value, e.g. with --build-arg'],
];
