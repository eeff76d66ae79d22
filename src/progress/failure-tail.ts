import type { BuildEvent } from './events.ts';
import { OutputLines } from './render/output-lines.ts';

const MAX_LINES = 20;

/** What steps that failed said last, by their ids: of each the last lines, as they stood on the terminal. */
export interface FailureTails {
  handle(event: BuildEvent): void;
  readonly lines: ReadonlyMap<string, readonly string[]>;
}

/** The last lines of a log, as they would have stood on the terminal. */
export function lastLinesOf(log: Uint8Array): readonly string[] {
  const output = new OutputLines();
  return [...output.add('stdout', log), ...output.end()].slice(-MAX_LINES);
}

export function collectFailureTails(): FailureTails {
  const running = new Map<string, { readonly output: OutputLines; readonly tail: string[] }>();
  const lines = new Map<string, readonly string[]>();
  return {
    lines,
    handle(event) {
      if (event.type === 'step-output') {
        const one = running.get(event.id) ?? { output: new OutputLines(), tail: [] };
        running.set(event.id, one);
        one.tail.push(...one.output.add(event.stream, event.data));
        one.tail.splice(0, one.tail.length - MAX_LINES);
      } else if (event.type === 'step-failed') {
        const { output, tail = [] } = running.get(event.id) ?? {};
        lines.set(event.id, [...tail, ...(output?.end() ?? [])].slice(-MAX_LINES));
      } else if (event.type === 'step-done') {
        running.delete(event.id);
      }
    },
  };
}
