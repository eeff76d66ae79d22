import type { BuildEvent, StepInfo } from '../events.ts';
import { closingLines } from '../summary.ts';
import { dispatch, type EventHandlers } from './dispatch.ts';
import { OutputLines } from './output-lines.ts';
import type { Renderer, RenderTarget } from './renderer.ts';
import { plainText } from './words.ts';

/** BuildKit's plain progress: `#N name`, `#N 0.512 output`, `#N CACHED`, `#N DONE 1.2s`; and why a step missed. */
export function makePlainRenderer(target: RenderTarget): Renderer {
  return new PlainRenderer(target);
}

/** What is printed under one number. */
interface Section {
  readonly number: number;
  readonly name: string;
  startedMs: number;
  readonly output: OutputLines;
  /** The last lines as they were printed, for when it fails. */
  readonly tail: string[];
}

/** As many lines of a failed step as BuildKit repeats. */
const TAIL_LINES = 10;

class PlainRenderer implements Renderer {
  readonly #target: RenderTarget;
  readonly #sections = new Map<string, Section>();
  readonly #infos = new Map<string, StepInfo>();
  readonly #closing = closingLines();
  readonly #failed: Section[] = [];
  #current: Section | undefined;

  constructor(target: RenderTarget) {
    this.#target = target;
  }

  handle(event: BuildEvent): void {
    dispatch(this.#handlers, event);
    for (const text of this.#closing.handle(event)) this.#target.write(`${text}\n`);
    if (event.type === 'build-done') this.#repeatFailures();
  }

  end(): void {}

  readonly #handlers: EventHandlers = {
    'steps-planned': ({ steps }) => {
      for (const info of steps) this.#infos.set(info.id, info);
    },
    'step-started': ({ id, atMs }) => {
      this.#section(id, atMs).startedMs = atMs;
    },
    'step-missed': ({ id, atMs, reason }) => this.#line(this.#section(id, atMs), `MISS ${plainText(reason.message)}`),
    'step-hit': ({ id, atMs, reason }) => {
      const text = reason.code === 'same' ? 'CACHED' : `CACHED (${plainText(reason.message)})`;
      this.#line(this.#section(id, atMs), text);
    },
    'step-output': ({ id, atMs, stream, data }) => {
      const section = this.#section(id, atMs);
      this.#output(section, section.output.add(stream, data), atMs);
    },
    'step-done': ({ id, atMs }) => this.#ended({ id, atMs }, (section) => `DONE ${done(atMs - section.startedMs)}`),
    'step-failed': ({ id, atMs, message }) => {
      this.#ended({ id, atMs }, () => `ERROR: ${plainText(message)}`);
      this.#failed.push(this.#section(id, atMs));
    },
    'step-cancelled': ({ id, atMs }) => this.#ended({ id, atMs }, () => 'CANCELED'),
    'activity-started': ({ id, atMs, name }) => this.#line(this.#section(id, atMs, name), ''),
    'activity-done': ({ id, atMs, error }) => {
      const section = this.#section(id, atMs);
      this.#line(
        section,
        error === undefined ? `DONE ${done(atMs - section.startedMs)}` : `ERROR: ${plainText(error)}`,
      );
    },
    warning: ({ message, code }) => {
      if (code === undefined) this.#target.write(`WARNING: ${plainText(message)}\n`);
    },
    note: ({ message }) => this.#target.write(`# ${plainText(message)}\n`),
    notice: ({ message }) => this.#target.write(`${plainText(message)}\n`),
  };

  #section(id: string, atMs: number, name = this.#infos.get(id)?.name ?? id): Section {
    const known = this.#sections.get(id);
    if (known !== undefined) return known;
    const made = { number: this.#sections.size + 1, name, startedMs: atMs, output: new OutputLines(), tail: [] };
    this.#sections.set(id, made);
    return made;
  }

  #line(section: Section, text: string): void {
    if (this.#current !== section) {
      const gap = this.#current === undefined ? '' : '\n';
      this.#target.write(`${gap}#${section.number} ${plainText(section.name)}\n`);
      this.#current = section;
    }
    if (text !== '') this.#target.write(`#${section.number} ${text}\n`);
  }

  #output(section: Section, lines: readonly string[], atMs: number): void {
    for (const text of lines) {
      const line = `${seconds(atMs - section.startedMs)} ${text}`;
      this.#line(section, line);
      section.tail.push(line);
    }
    section.tail.splice(0, section.tail.length - TAIL_LINES);
  }

  #ended({ id, atMs }: { id: string; atMs: number }, text: (section: Section) => string): void {
    const section = this.#section(id, atMs);
    this.#output(section, section.output.end(), atMs);
    this.#line(section, text(section));
  }

  /** What failed steps said last, just before the error. */
  #repeatFailures(): void {
    for (const { name, tail } of this.#failed) {
      if (tail.length === 0) continue;
      const lines = ['------', ` > ${plainText(name)}:`, ...tail, '------'];
      this.#target.write(`${lines.join('\n')}\n`);
    }
  }
}

function seconds(ms: number): string {
  const value = ms / 1000;
  return value.toFixed(value < 10 ? 3 : value < 100 ? 2 : 1);
}

function done(ms: number): string {
  return `${(ms / 1000).toFixed(1)}s`;
}
