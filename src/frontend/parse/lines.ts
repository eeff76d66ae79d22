import { BuildError } from '../../errors.ts';
import { skipSpaces, trimSpaces } from '../expand/index.ts';
import { directiveError } from './directive-errors.ts';
import { type Directive, DirectiveScanner } from './directives.ts';
import { lastAtMost, type PhysicalLine, type Source } from './source.ts';

export type Escape = '\\' | '`';

/** An instruction with its continuation lines joined; comments and empty lines between them are gone. */
export interface LogicalLine {
  readonly text: string;
  /** In the source, of its first character. */
  readonly start: number;
  /** Of the last physical line, its line break left out. */
  readonly end: number;
  /** Between it and the instruction above, from the last empty comment on. */
  readonly comments: readonly string[];
  readonly hasEmptyContinuation: boolean;
  /** In the source, of a character of `text`. */
  offsetOf(index: number): number;
}

const MAX_LINE_BYTES = 65_535;

/**
 * BuildKit's way from physical to logical lines; heredoc bodies are left to the caller. dockerfile-ast is not asked for
 * this: where blanks follow an escape character, where a heredoc ends and what is a directive it answers differently,
 * and its parse of a whole file costs the number of comments times the number of stages.
 */
export class LineReader {
  readonly #source: Source;
  readonly #report: (error: BuildError) => void;
  readonly #scanner = new DirectiveScanner();
  #next = 0;
  #comments: string[] = [];
  escape: Escape = '\\';
  /** Lines met so far that are longer than BuildKit reads; each has been reported. */
  tooLong = 0;

  constructor(source: Source, report: (error: BuildError) => void) {
    this.#source = source;
    this.#report = report;
  }

  nextLogicalLine(): LogicalLine | undefined {
    for (let line = this.nextPhysicalLine(); line !== undefined; line = this.nextPhysicalLine()) {
      const raw = textOf(this.#source, line);
      const indent = skipSpaces(raw);
      const isComment = raw[indent] === '#';
      const isDirective = this.#readDirective(raw.slice(indent), line);
      if (isComment && !isDirective) this.#readComment(raw);
      if (!isComment && indent < raw.length) return this.#join(line.start + indent, line);
    }
    return undefined;
  }

  nextPhysicalLine(): PhysicalLine | undefined {
    if (this.#next >= this.#source.lineCount) return undefined;
    const line = this.#source.line(this.#next++);
    if (isTooLong(this.#source.text.slice(line.start, line.next))) {
      this.tooLong++;
      const message = `dockerfile line greater than max allowed size of ${MAX_LINE_BYTES}`;
      const range = this.#source.rangeOf(line.start, line.end);
      const hint = 'break the line with the escape character, or COPY a file instead';
      this.#report(new BuildError('syntax-error', message, { range, hint }));
    }
    return line;
  }

  #readDirective(text: string, line: PhysicalLine): boolean {
    const directive = this.#scanner.read(text);
    if (directive === undefined) return false;
    if ('repeated' in directive) {
      const message = `only one ${directive.repeated} parser directive can be used`;
      this.#report(directiveError(this.#source, line, { message, hint: 'remove this line' }));
    } else if (directive.name === 'escape') this.#setEscape(directive, line);
    return true;
  }

  #setEscape({ value }: Directive, line: PhysicalLine): void {
    if (value === '\\' || value === '`') {
      this.escape = value;
      return;
    }
    const message = `invalid escape token '${value}' does not match \` or \\`;
    this.#report(directiveError(this.#source, line, { message, hint: 'write # escape=\\ or # escape=`' }));
  }

  /** Without `#` and the blanks around; an empty one parts the comments above it from the instruction. */
  #readComment(raw: string): void {
    const comment = trimSpaces(raw.slice(1));
    if (comment === '') this.#comments = [];
    else this.#comments.push(comment);
  }

  #join(start: number, line: PhysicalLine): LogicalLine {
    const comments = this.#comments;
    this.#comments = [];
    let { end } = line;
    const text = this.#source.text.slice(start, end);
    const cut = continuationAt(text, this.escape);
    // Most instructions are one line.
    if (cut === undefined)
      return { text, start, end, comments, hasEmptyContinuation: false, offsetOf: (index) => start + index };
    const parts = new JoinedParts();
    parts.add(text.slice(0, cut), start);
    let hasEmptyContinuation = false;
    let isOpen = true;
    while (isOpen) {
      const next = this.nextPhysicalLine();
      if (next === undefined) break;
      const raw = textOf(this.#source, next);
      const indent = skipSpaces(raw);
      end = next.end;
      if (indent === raw.length) hasEmptyContinuation = true;
      else if (raw[indent] !== '#') isOpen = this.#addPart(parts, next.start, end);
    }
    return { ...parts.join(), start, end, comments, hasEmptyContinuation };
  }

  /** True when the line goes on. Leading blanks of continuation lines stay. */
  #addPart(parts: JoinedParts, start: number, end: number): boolean {
    const text = this.#source.text.slice(start, end);
    const cut = continuationAt(text, this.escape);
    parts.add(text.slice(0, cut), start);
    return cut !== undefined;
  }
}

export function textOf(source: Source, { start, end }: PhysicalLine): string {
  return source.text.slice(start, end);
}

class JoinedParts {
  readonly #texts: string[] = [];
  readonly #starts: number[] = [];
  readonly #offsets: number[] = [];
  #length = 0;

  add(text: string, offset: number): void {
    this.#texts.push(text);
    this.#starts.push(this.#length);
    this.#offsets.push(offset);
    this.#length += text.length;
  }

  join(): Pick<LogicalLine, 'text' | 'offsetOf'> {
    return {
      text: this.#texts.join(''),
      offsetOf: (index) => {
        const part = lastAtMost(this.#starts, index);
        return (this.#offsets[part] ?? 0) + index - (this.#starts[part] ?? 0);
      },
    };
  }
}

/** Where the escape character stands that continues the line; blanks may follow it. A second one before it takes its meaning away. */
function continuationAt(text: string, escapeToken: Escape): number | undefined {
  let at = text.length - 1;
  while (text[at] === ' ' || text[at] === '\t') at--;
  return text[at] === escapeToken && text[at - 1] !== escapeToken ? at : undefined;
}

/** A carriage return counts, the line feed does not. Only a text of many characters needs its bytes counted. */
function isTooLong(line: string): boolean {
  if (line.length * 3 <= MAX_LINE_BYTES) return false;
  return Buffer.byteLength(line) - (line.endsWith('\n') ? 1 : 0) > MAX_LINE_BYTES;
}
