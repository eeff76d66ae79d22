import { createLogUpdate } from 'log-update';
import * as colors from 'yoctocolors';
import { monotonicMs } from '../../util/clock.ts';
import type { BuildEvent, StepInfo } from '../events.ts';
import { closingLines } from '../summary.ts';
import type { Renderer } from './renderer.ts';
import { clip, durationText, plainText } from './words.ts';

export interface TtyTarget {
  readonly stream: NodeJS.WriteStream;
  readonly color: boolean;
}

interface Running {
  readonly name: string;
  readonly startedMs: number;
  reason: string;
  readonly tail: string[];
  partial: string;
}

const REFRESH_MS = 100;
const TAIL_LINES = 5;
const MAX_RUNNING = 10;

/**
 * A live view: finished steps scroll away as single lines, running ones stay below with their time and the last lines of
 * their output. The complete output of a failed step is in its log.
 */
export function makeTtyRenderer({ stream, color }: TtyTarget): Renderer {
  const live = createLogUpdate(stream, { showCursor: false });
  const paint = color ? colors : PLAIN;
  const infos = new Map<string, StepInfo>();
  const running = new Map<string, Running>();
  const closing = closingLines();
  const offset = { ms: 0, at: monotonicMs() };

  const keep = (text: string): void => {
    live.clear();
    stream.write(`${text}\n`);
    draw();
  };
  const draw = (): void => {
    const nowMs = offset.ms + (monotonicMs() - offset.at);
    const width = stream.columns - 1;
    const lines: string[] = [];
    for (const one of [...running.values()].slice(0, MAX_RUNNING)) {
      const time = durationText(nowMs - one.startedMs);
      lines.push(paint.cyan(clip(` ● ${one.name}  ${time}  ${one.reason}`.trimEnd(), width)));
      for (const text of one.tail) lines.push(paint.dim(clip(`     ${text}`, width)));
    }
    if (running.size > MAX_RUNNING) lines.push(` … and ${running.size - MAX_RUNNING} more`);
    live(lines.join('\n'));
  };
  const timer = setInterval(draw, REFRESH_MS);
  timer.unref();

  const handle = (event: BuildEvent): void => {
    if ('atMs' in event) Object.assign(offset, { ms: event.atMs, at: monotonicMs() });
    switch (event.type) {
      case 'steps-planned':
        for (const info of event.steps) infos.set(info.id, info);
        break;
      case 'step-started':
        if (infos.get(event.id)?.isStep === true)
          start(event.id, plainText(infos.get(event.id)?.name ?? event.id), event.atMs);
        break;
      case 'activity-started':
        start(event.id, plainText(event.name), event.atMs);
        break;
      case 'step-missed': {
        const one = running.get(event.id);
        if (one !== undefined) one.reason = plainText(event.reason.message);
        break;
      }
      case 'step-output':
        addOutput(running.get(event.id), event.data);
        break;
      case 'step-hit':
        finish(
          event.id,
          () => `${paint.green(' ✔')} ${plainText(infos.get(event.id)?.name ?? event.id)}  ${paint.dim('cached')}`,
        );
        break;
      case 'step-done':
        finish(
          event.id,
          (one) =>
            `${paint.green(' ✔')} ${one.name}  ${durationText(event.atMs - one.startedMs)}  ${paint.dim(one.reason)}`,
        );
        break;
      case 'step-failed':
        finish(event.id, (one) =>
          [`${paint.red(' ✘')} ${one.name}`, ...one.tail.map((text) => `     ${text}`)].join('\n'),
        );
        break;
      case 'step-cancelled':
        running.delete(event.id);
        break;
      case 'activity-progress':
        break;
      case 'activity-done':
        running.delete(event.id);
        break;
      case 'warning':
        keep(paint.yellow(`warning: ${plainText(event.message)}`));
        break;
      case 'notice':
        keep(plainText(event.message));
        break;
      case 'build-done':
        running.clear();
        live.clear();
        break;
    }
    for (const text of closing.handle(event)) stream.write(`${text}\n`);
  };
  const start = (id: string, name: string, startedMs: number): void => {
    running.set(id, { name, startedMs, reason: '', tail: [], partial: '' });
  };
  const finish = (id: string, text: (one: Running) => string): void => {
    const one = running.get(id);
    running.delete(id);
    if (one !== undefined) keep(text(one));
  };
  return {
    handle,
    end() {
      clearInterval(timer);
      live.clear();
      live.done();
    },
  };
}

const PLAIN = { cyan: same, dim: same, green: same, red: same, yellow: same };

function same(text: string): string {
  return text;
}

function addOutput(step: Running | undefined, data: Uint8Array): void {
  if (step === undefined) return;
  const lines = (step.partial + Buffer.from(data).toString('utf8')).split('\n');
  step.partial = lines.pop() ?? '';
  step.tail.push(...lines.map(plainText));
  step.tail.splice(0, Math.max(0, step.tail.length - TAIL_LINES));
}
