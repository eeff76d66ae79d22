import type { BuildEvent, StepInfo } from '../events.ts';
import { closingLines } from '../summary.ts';
import type { Renderer, RenderTarget } from './renderer.ts';
import { plainText } from './words.ts';

interface Section {
  readonly number: number;
  readonly name: string;
  startedMs: number;
  /** The rest of a line that has not ended yet, by stream. */
  readonly partial: Map<string, string>;
}

/** BuildKit's plain progress: `#N name`, `#N 0.512 output`, `#N CACHED`, `#N DONE 1.2s`; and why a step missed. */
export function makePlainRenderer(target: RenderTarget, closing = closingLines()): Renderer {
  const sections = new Map<string, Section>();
  const infos = new Map<string, StepInfo>();
  let current: Section | undefined;

  const section = (id: string, name: string, atMs: number): Section => {
    const known = sections.get(id);
    if (known !== undefined) return known;
    const made = { number: sections.size + 1, name, startedMs: atMs, partial: new Map<string, string>() };
    sections.set(id, made);
    return made;
  };
  const line = (of: Section, text: string): void => {
    if (current !== of) {
      target.write(`${current === undefined ? '' : '\n'}#${of.number} ${plainText(of.name)}\n`);
      current = of;
    }
    if (text !== '') target.write(`#${of.number} ${text}\n`);
  };
  const stepSection = (id: string, atMs: number): Section => section(id, infos.get(id)?.name ?? id, atMs);
  const flush = (of: Section, atMs: number): void => {
    for (const rest of of.partial.values()) if (rest !== '') line(of, `${seconds(atMs - of.startedMs)} ${rest}`);
    of.partial.clear();
  };

  const handle = (event: BuildEvent): void => {
    switch (event.type) {
      case 'steps-planned':
        for (const info of event.steps) infos.set(info.id, info);
        break;
      case 'step-started':
      case 'step-missed':
      case 'step-hit':
      case 'step-output':
      case 'step-done':
      case 'step-failed':
      case 'step-cancelled':
        stepEvent(event);
        break;
      case 'activity-started':
        line(section(event.id, event.name, event.atMs), '');
        break;
      case 'activity-progress':
        break;
      case 'activity-done': {
        const of = section(event.id, event.id, event.atMs);
        line(
          of,
          event.error === undefined ? `DONE ${done(event.atMs - of.startedMs)}` : `ERROR: ${plainText(event.error)}`,
        );
        break;
      }
      case 'warning':
        target.write(`WARNING: ${plainText(event.message)}\n`);
        break;
      case 'notice':
        target.write(`${plainText(event.message)}\n`);
        break;
      case 'build-done':
        break;
    }
    for (const text of closing.handle(event)) target.write(`${text}\n`);
  };

  const stepEvent = (event: Extract<BuildEvent, { id: string; atMs: number }>): void => {
    const of = stepSection(event.id, event.atMs);
    switch (event.type) {
      case 'step-started':
        of.startedMs = event.atMs;
        break;
      case 'step-missed':
        line(of, `MISS ${plainText(event.reason.message)}`);
        break;
      case 'step-hit':
        line(of, event.reason.code === 'same' ? 'CACHED' : `CACHED (${event.reason.message})`);
        break;
      case 'step-output':
        for (const text of wholeLines(of, event.stream, event.data))
          line(of, `${seconds(event.atMs - of.startedMs)} ${text}`);
        break;
      case 'step-done':
        flush(of, event.atMs);
        line(of, `DONE ${done(event.atMs - of.startedMs)}`);
        break;
      case 'step-failed':
        flush(of, event.atMs);
        line(of, `ERROR: ${plainText(event.message)}`);
        break;
      case 'step-cancelled':
        line(of, 'CANCELED');
        break;
      default:
        break;
    }
  };

  return { handle, end: () => undefined };
}

/** Complete lines of a stream; what follows the last newline waits. */
function wholeLines(section: Section, stream: string, data: Uint8Array): string[] {
  const text = (section.partial.get(stream) ?? '') + Buffer.from(data).toString('utf8');
  const lines = text.split('\n');
  section.partial.set(stream, lines.pop() ?? '');
  return lines.map((one) => plainText(one.replace(/\r$/, '')));
}

function seconds(ms: number): string {
  const value = ms / 1000;
  return value.toFixed(value < 10 ? 3 : value < 100 ? 2 : 1);
}

function done(ms: number): string {
  return `${(ms / 1000).toFixed(1)}s`;
}
