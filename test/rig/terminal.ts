import { PassThrough } from 'node:stream';
import { textWidth } from '../../src/progress/render/width.ts';

interface Row {
  text: string;
  /** The next row goes on with the same line. */
  wraps: boolean;
}

/**
 * A terminal that keeps what is on its screen and what scrolled away: it wraps what is too long, reflows when it is resized as
 * tmux does, and knows the few sequences that a renderer may use. Any other is an error, and so is a control character.
 */
export class FakeTerminal {
  readonly stream: NodeJS.WriteStream;
  #columns: number;
  #height: number;
  #rows: Row[] = [{ text: '', wraps: false }];
  #at = 0;
  /** The cursor is at the beginning of its row, not at the end of what is written there. */
  #isAtStart = true;
  /** Whether a line ever took more than a row. */
  hasWrapped = false;

  constructor(columns: number, rows: number) {
    this.#columns = columns;
    this.#height = rows;
    const stream = new PassThrough();
    stream.on('data', (data: Buffer) => this.#take(data.toString('utf8')));
    this.stream = Object.assign(stream, { columns, rows, isTTY: true }) as unknown as NodeJS.WriteStream;
  }

  resize(columns: number, rows: number): void {
    const lines: string[] = [];
    let isOpen = false;
    let cursorLine = 0;
    for (const [index, { text, wraps }] of this.#rows.entries()) {
      if (isOpen) lines.push(`${lines.pop() ?? ''}${text}`);
      else lines.push(text);
      isOpen = wraps;
      if (index === this.#at) cursorLine = lines.length - 1;
    }
    [this.#columns, this.#height, this.#rows] = [columns, rows, [{ text: '', wraps: false }]];
    this.#at = 0;
    let cursorRow = 0;
    for (const [index, line] of lines.entries()) {
      if (index > 0) this.#newline();
      if (index === cursorLine) cursorRow = this.#at;
      this.#write(line);
    }
    this.#at = cursorRow;
    this.#isAtStart = true;
    Object.assign(this.stream, { columns, rows });
    this.stream.emit('resize');
  }

  /** Everything from the first line on, without colours. */
  text(): string {
    return this.#rows
      .map(({ text, wraps }) => (wraps ? text : `${text.trimEnd()}\n`))
      .join('')
      .trimEnd();
  }

  #take(data: string): void {
    for (const [piece] of data.matchAll(/\u001b\[[0-9;?]*[A-Za-z]|\n|\r|[^\u001b\n\r]+|./gsu)) {
      if (piece === '\n') this.#newline();
      else if (piece === '\r') this.#isAtStart = true;
      else if (piece.startsWith('\u001b')) this.#sequence(piece);
      else this.#write(piece);
    }
  }

  #newline(): void {
    this.#at += 1;
    this.#rows[this.#at] ??= { text: '', wraps: false };
    this.#isAtStart = true;
  }

  #write(text: string): void {
    if (/[\u0000-\u001f\u007f-\u009f]/.test(text)) throw new Error(`a control character: ${JSON.stringify(text)}`);
    const here = this.#row();
    if ((!this.#isAtStart || here.text === '') && textWidth(here.text + text) <= this.#columns) {
      here.text += text;
      this.#isAtStart = false;
      return;
    }
    for (const { segment } of new Intl.Segmenter('en').segment(text)) {
      let row = this.#row();
      if (this.#isAtStart && row.text !== '') throw new Error(`written over ${JSON.stringify(row.text)}`);
      if (textWidth(row.text + segment) > this.#columns) {
        this.hasWrapped = true;
        row.wraps = true;
        this.#newline();
        row = this.#row();
      }
      row.text += segment;
      this.#isAtStart = false;
    }
  }

  #row(): Row {
    const row = this.#rows[this.#at];
    if (row === undefined) throw new Error('no row');
    return row;
  }

  #sequence(piece: string): void {
    const up = /^\u001b\[(\d*)A$/.exec(piece);
    if (up !== null) this.#at = Math.max(0, this.#rows.length - this.#height, this.#at - Number(up[1] || 1));
    else if (piece === '\u001b[G') this.#isAtStart = true;
    else if (piece === '\u001b[2K') this.#erase();
    else if (piece === '\u001b[J') this.#eraseDown();
    else if (!/^\u001b\[(\d+(;\d+)*)?m$|^\u001b\[\?(25|2026)[hl]$/.test(piece))
      throw new Error(`an unknown sequence: ${JSON.stringify(piece)}`);
  }

  #eraseDown(): void {
    this.#rows.splice(this.#at + 1);
    this.#erase();
  }

  #erase(): void {
    const above = this.#rows[this.#at - 1];
    if (above !== undefined) above.wraps = false;
    Object.assign(this.#row(), { text: '', wraps: false });
  }
}
