import { readFileSync } from 'node:fs';
import { writeText } from '../../exporter/index.ts';
import type { BuildEvent } from '../../progress/index.ts';
import { renderChromeTrace, TraceRecorder } from '../../progress/trace/index.ts';
import { monotonicMs, nowMs } from '../../util/clock.ts';
import type { CliContext } from '../context.ts';
import { VERSION } from '../version.ts';
import { asksForOtlp } from './wanted.ts';

export interface TracerOptions extends Pick<CliContext, 'env'> {
  /** Of --trace. */
  readonly file: string | undefined;
  readonly caFile: string | undefined;
  readonly warn: (message: string) => void;
}

export interface Tracer {
  readonly handle: (event: BuildEvent) => void;
  /** Once the build has ended: writes and sends its trace. @throws BuildError output-failed */
  readonly finish: () => Promise<void>;
}

export function openTracer({ file, env, caFile, warn }: TracerOptions): Tracer {
  const recorder = new TraceRecorder({ nowMs, monotonicMs });
  return {
    handle: (event) => recorder.handle(event),
    async finish() {
      const trace = recorder.finish();
      if (file !== undefined) writeText(file, renderChromeTrace(trace, { version: VERSION }));
      if (!asksForOtlp(env)) return;
      const { sendTrace } = await import('./send.ts');
      await sendTrace(trace, { env, warn, ca: caFile === undefined ? undefined : readFileSync(caFile, 'utf8') });
    },
  };
}
