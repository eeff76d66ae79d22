import { stripVTControlCharacters } from 'node:util';
import { createLogUpdate } from 'log-update';
import * as colors from 'yoctocolors';
import { monotonicMs } from '../../util/clock.ts';
import type { BuildEvent, StepInfo } from '../events.ts';
import { type Closing, closingLines } from '../summary.ts';
import { dispatch, type EventHandlers } from './dispatch.ts';
import { OutputLines } from './output-lines.ts';
import type { LiveRenderer } from './renderer.ts';
import { clip, textWidth } from './width.ts';
import { durationText, plainText } from './words.ts';

export interface TtyTarget {
  readonly stream: NodeJS.WriteStream;
  readonly color: boolean;
}

/**
 * A live view: finished steps scroll away as single lines, running ones stay below with their time and the last lines of
 * their output. The complete output of a failed step is in its log.
 */
export function makeTtyRenderer(target: TtyTarget): LiveRenderer {
  return new TtyRenderer(target);
}

/** A step or an activity that is under way. */
interface Running {
  readonly name: string;
  readonly startedMs: number;
  reason: string;
  readonly output: OutputLines;
  readonly tail: string[];
}

/** A blank and the mark, with which each row begins. */
const MARK_LENGTH = 2;

const REFRESH_MS = 100;
/** Lines of output below a running step, and of one that failed. */
const LIVE_LINES = 5;
const TAIL_LINES = 10;
/** Columns that a name keeps, whatever the reason. */
const MIN_NAME = 24;
const TAB = '    ';
/** Rows that the live part leaves to what stands above it. */
const ROWS_KEPT = 4;

class TtyRenderer implements LiveRenderer {
  readonly #stream: NodeJS.WriteStream;
  readonly #window: Window;
  readonly #paint: Pick<typeof colors, 'cyan' | 'dim' | 'green' | 'red' | 'yellow'>;
  readonly #live: ReturnType<typeof createLogUpdate>;
  readonly #infos = new Map<string, StepInfo>();
  readonly #running = new Map<string, Running>();
  readonly #closing: Closing;
  readonly #timer: NodeJS.Timeout;
  /** The lines of the live part as they were drawn last, and for how many columns. */
  #drawn: { readonly lines: readonly string[]; readonly columns: number } = { lines: [], columns: 0 };
  /** The build's clock when the last event came, and ours. */
  #clock = { buildMs: 0, hereMs: monotonicMs() };

  constructor({ stream, color }: TtyTarget) {
    this.#stream = stream;
    this.#window = windowOf(stream);
    this.#closing = closingLines(this.#window);
    this.#paint = color ? colors : PLAIN;
    this.#live = createLogUpdate(this.#window as unknown as NodeJS.WriteStream, { showCursor: false });
    this.#timer = setInterval(() => this.#draw(), REFRESH_MS);
    this.#timer.unref();
  }

  handle(event: BuildEvent): void {
    if ('atMs' in event) this.#clock = { buildMs: event.atMs, hereMs: monotonicMs() };
    const closing = this.#closing.handle(event);
    dispatch(this.#handlers, event);
    if (closing.length > 0) this.#stream.write(`${closing.join('\n')}\n`);
  }

  end(): void {
    clearInterval(this.#timer);
    this.pause();
  }

  pause(): void {
    this.#clear();
    this.#live.done();
  }

  readonly #handlers: EventHandlers = {
    'steps-planned': ({ steps }) => {
      for (const info of steps) this.#infos.set(info.id, info);
    },
    'step-started': ({ id, atMs }) => {
      if (this.#infos.get(id)?.isStep === true) this.#start(id, this.#nameOf(id), atMs);
    },
    'step-missed': ({ id, reason }) => {
      const one = this.#running.get(id);
      if (one !== undefined) one.reason = plainText(reason.message);
    },
    'step-output': ({ id, stream, data }) => {
      const one = this.#running.get(id);
      if (one === undefined) return;
      one.tail.push(...one.output.add(stream, data));
      one.tail.splice(0, one.tail.length - TAIL_LINES);
    },
    'step-hit': ({ id }) => this.#finish(id, this.#paint.green),
    'step-done': ({ id }) => this.#finish(id, this.#paint.green),
    'step-failed': ({ id }) => {
      const { tail = [], output } = this.#running.get(id) ?? {};
      const lines = [...tail, ...(output?.end() ?? [])]
        .slice(-TAIL_LINES)
        .map((text) => `     ${text.replaceAll('\t', TAB)}`);
      this.#finish(id, this.#paint.red, lines);
    },
    'step-cancelled': ({ id }) => {
      this.#running.delete(id);
    },
    'activity-started': ({ id, name, atMs }) => this.#start(id, plainText(name), atMs),
    'activity-progress': ({ id, done, total }) => {
      const one = this.#running.get(id);
      if (one !== undefined) one.reason = total === undefined ? '' : `${Math.floor((100 * done) / total)} %`;
    },
    'activity-done': ({ id }) => {
      this.#running.delete(id);
    },
    warning: ({ message, code }) => {
      if (code === undefined) this.#keep(this.#paint.yellow(`warning: ${plainText(message)}`));
    },
    notice: ({ message }) => this.#keep(plainText(message)),
    'build-done': () => {
      this.#running.clear();
      this.#clear();
    },
  };

  #nameOf(id: string): string {
    return plainText(this.#infos.get(id)?.name ?? id).replace(/\s+/g, ' ');
  }

  #start(id: string, name: string, startedMs: number): void {
    this.#running.set(id, { name, startedMs, reason: '', output: new OutputLines(), tail: [] });
  }

  /** The step's row, its mark painted, and what it said last. */
  #finish(id: string, paint: (text: string) => string, lines: readonly string[] = []): void {
    if (!this.#running.delete(id)) return;
    const row = this.#closing.row(id) ?? '';
    this.#keep([paint(row.slice(0, MARK_LENGTH)) + row.slice(MARK_LENGTH), ...lines].join('\n'));
  }

  /** Prints lines above the live part, for good; in one write, so that nothing flickers. */
  #keep(text: string): void {
    this.#stream.cork();
    this.#clear();
    this.#stream.write(`${text}\n`);
    this.#draw();
    this.#stream.uncork();
  }

  #draw(): void {
    const { columns, rows } = this.#window;
    if (columns !== this.#drawn.columns) this.#clear();
    const lines = fitting(this.#blocks(columns - 1), Math.max(1, rows - ROWS_KEPT)).flat();
    this.#live(lines.join('\n'));
    this.#drawn = { lines, columns };
  }

  /** Takes the live part away. When the window has another width now, its lines take as many rows as the terminal broke them into. */
  #clear(): void {
    const { lines, columns } = this.#drawn;
    if (columns === this.#window.columns || lines.length === 0) {
      this.#live.clear();
    } else {
      const widths = lines.map((line) => textWidth(stripVTControlCharacters(line)));
      const rows = widths.reduce((sum, width) => sum + Math.max(1, Math.ceil(width / this.#window.columns)), 0);
      this.#live.done();
      this.#stream.write(`\u001b[${rows}A\r\u001b[J`);
    }
    this.#drawn = { lines: [], columns: this.#window.columns };
  }

  /** Each running step: its head, then the last lines of its output. */
  #blocks(width: number): string[][] {
    const nowMs = this.#clock.buildMs + (monotonicMs() - this.#clock.hereMs);
    return [...this.#running.values()].map(({ name, startedMs, reason, tail, output }) => {
      const rest = `  ${durationText(nowMs - startedMs)}  ${reason}`.trimEnd();
      const head = clip(` ● ${clip(name, Math.max(MIN_NAME, width - 3 - textWidth(rest)))}${rest}`, width);
      const lines = [...tail, ...output.unfinished()].slice(-LIVE_LINES).map((line) => line.replaceAll('\t', TAB));
      return [this.#paint.cyan(head), ...lines.map((line) => this.#paint.dim(clip(`     ${line}`, width)))];
    });
  }
}

/** The size of a terminal as it is now, and a way to write to it: what `log-update` uses of a stream. */
interface Window {
  readonly columns: number;
  readonly rows: number;
  write(text: string): boolean;
}

/** A terminal that does not know its size says 0. */
function windowOf(stream: NodeJS.WriteStream): Window {
  return {
    get columns() {
      return stream.columns || 80;
    },
    get rows() {
      return stream.rows || 24;
    },
    write: (text) => stream.write(text),
  };
}

/** What fits into so many rows: all of it, or the heads alone, and of these the first. */
function fitting(blocks: readonly string[][], rows: number): readonly string[][] {
  if (blocks.flat().length <= rows) return blocks;
  const heads = blocks.map((block) => block.slice(0, 1));
  if (heads.length <= rows) return heads;
  const shown = heads.slice(0, Math.max(1, rows - 1));
  return [...shown, [` … and ${heads.length - shown.length} more`]];
}

const PLAIN = { cyan: same, dim: same, green: same, red: same, yellow: same };

function same(text: string | number): string {
  return String(text);
}
