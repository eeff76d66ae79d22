import { BuildError } from '../../errors.ts';
import type { Diagnostic } from '../ast.ts';
import { heredocsOf, type RawHeredoc, strippedContent } from './heredoc.ts';
import { LogicalLine } from './logical-line.ts';
import { isComment, leadingBlanks, MAX_LINE_BYTES, type PhysicalLine } from './physical-lines.ts';

/** One instruction as text: its joined line, the bodies that follow it, the comments above it. */
export interface Statement {
  readonly line: LogicalLine;
  readonly heredocs: readonly RawHeredoc[];
  readonly comments: readonly string[];
  /** Last line, heredocs included. */
  readonly endLine: number;
  readonly endColumn: number;
}

export interface Statements {
  readonly statements: readonly Statement[];
  readonly errors: readonly BuildError[];
  readonly diagnostics: readonly Diagnostic[];
}

export interface StatementOptions {
  readonly file: string;
  readonly escape: '\\' | '`';
  /** Whether heredocs of this joined line are read; JSON forms have none. */
  readonly takesHeredocs: (line: string) => boolean;
}

/** Cuts a Dockerfile into statements, exactly as BuildKit's parser does. One pass. */
export function readStatements(lines: readonly PhysicalLine[], options: StatementOptions): Statements {
  return new StatementReader(lines, options).read();
}

class StatementReader {
  readonly #lines: readonly PhysicalLine[];
  readonly #options: StatementOptions;
  readonly #continuation: RegExp;
  readonly #statements: Statement[] = [];
  readonly #errors: BuildError[] = [];
  readonly #diagnostics: Diagnostic[] = [];
  #at = 0;

  constructor(lines: readonly PhysicalLine[], options: StatementOptions) {
    this.#lines = lines;
    this.#options = options;
    const escape = options.escape === '\\' ? '\\\\' : '`';
    this.#continuation = new RegExp(`(^|[^${escape}])${escape}[ \\t]*$`);
  }

  read(): Statements {
    let comments: string[] = [];
    for (let line = this.#next(); line !== undefined; line = this.#next()) {
      if (isComment(line.text)) {
        comments.push(line.text.slice(leadingBlanks(line.text) + 1).trim());
        continue;
      }
      const blanks = leadingBlanks(line.text);
      const first = this.#cut(line.text.slice(blanks));
      if (first.ends && first.text === '') {
        comments = [];
        continue;
      }
      this.#statement({ ...first, line, column: blanks + 1 }, comments);
      comments = [];
    }
    return { statements: this.#statements, errors: this.#errors, diagnostics: this.#diagnostics };
  }

  #next(): PhysicalLine | undefined {
    const line = this.#lines[this.#at];
    this.#at += 1;
    if (line !== undefined && line.text.length > MAX_LINE_BYTES / 4 && Buffer.byteLength(line.text) > MAX_LINE_BYTES) {
      const range = {
        file: this.#options.file,
        startLine: line.number,
        startColumn: 1,
        endLine: line.number,
        endColumn: 2,
      };
      this.#errors.push(
        new BuildError('syntax-error', `dockerfile line greater than max allowed size of ${MAX_LINE_BYTES}`, {
          range,
          hint: 'break the line with a continuation, or COPY the text from a file',
        }),
      );
    }
    return line;
  }

  /** A line without its continuation character. */
  #cut(text: string): { text: string; ends: boolean } {
    const match = this.#continuation.exec(text);
    return match === null
      ? { text, ends: true }
      : { text: text.slice(0, match.index + (match[1] ?? '').length), ends: false };
  }

  #statement(
    first: { text: string; ends: boolean; line: PhysicalLine; column: number },
    comments: readonly string[],
  ): void {
    const parts = [{ text: first.text, line: first.line.number, column: first.column }];
    let last = first.line;
    let ends = first.ends;
    let hasEmpty = false;
    while (!ends) {
      const line = this.#next();
      if (line === undefined) break;
      last = line;
      if (isComment(line.text)) continue;
      if (line.text.trim() === '') {
        hasEmpty = true;
        continue;
      }
      const cut = this.#cut(line.text);
      parts.push({ text: cut.text, line: line.number, column: 1 });
      ends = cut.ends;
    }
    const line = new LogicalLine(this.#options.file, parts);
    if (hasEmpty) this.#emptyContinuation(last);
    const heredocs = this.#heredocs(line);
    const end = this.#lines[this.#at - 2] ?? last;
    const closing = heredocs.length > 0 ? end : last;
    this.#statements.push({ line, heredocs, comments, endLine: closing.number, endColumn: closing.text.length + 1 });
  }

  #emptyContinuation(last: PhysicalLine): void {
    const { file } = this.#options;
    const range = {
      file,
      startLine: last.number,
      startColumn: 1,
      endLine: last.number,
      endColumn: last.text.length + 1,
    };
    this.#diagnostics.push({ code: 'NoEmptyContinuation', message: 'Empty continuation line', range });
  }

  #heredocs(line: LogicalLine): RawHeredoc[] {
    if (!this.#options.takesHeredocs(line.text)) return [];
    const heredocs: RawHeredoc[] = [];
    for (const word of heredocsOf(line.text)) {
      const body = this.#body(word.name, word.stripTabs);
      if (body === undefined) {
        this.#errors.push(
          new BuildError('heredoc-unterminated', `unterminated heredoc ${word.name}`, {
            range: line.range(),
            hint: `end it with a line that is just ${word.name}`,
          }),
        );
        return heredocs;
      }
      heredocs.push({ ...word, raw: body.raw, content: strippedContent(body.raw, word.stripTabs), range: body.range });
    }
    return heredocs;
  }

  #body(terminator: string, stripTabs: boolean) {
    const start = this.#at;
    const raw: string[] = [];
    for (let line = this.#next(); line !== undefined; line = this.#next()) {
      if ((stripTabs ? line.text.replace(/^\t+/, '') : line.text) === terminator) {
        const range = {
          file: this.#options.file,
          startLine: start + 1,
          startColumn: 1,
          endLine: line.number,
          endColumn: 1,
        };
        return { raw: raw.join(''), range };
      }
      raw.push(line.raw);
    }
    this.#at = this.#lines.length + 1;
    return undefined;
  }
}
