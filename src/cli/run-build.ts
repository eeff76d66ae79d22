import { resolve } from 'node:path';
import { build } from '../build.ts';
import type { BuildOptions } from '../build-options.ts';
import type { BuildEvent, BuildState } from '../progress/index.ts';
import { collectEvents, collectFailureTails, type FailureTails, failureOf, plainText } from '../progress/index.ts';
import { monotonicMs } from '../util/clock.ts';
import { buildOptions } from './build-flags/options.ts';
import type { BuildFlags } from './build-flags/parse.ts';
import type { CliContext } from './context.ts';
import { environmentNotes } from './environment.ts';
import { openRenderer, progressMode } from './renderer.ts';
import { addToJobSummary, asksForPage, checkReports, writeReports } from './reports.ts';
import { stderr, writeStdout } from './streams.ts';
import type { Tracer } from './trace/tracer.ts';
import { asksForOtlp } from './trace/wanted.ts';

/** Builds, renders events on stderr, writes reports and the trace whatever the outcome. */
export async function runBuild(flags: BuildFlags, context: CliContext): Promise<number> {
  const given = buildOptions(flags, context);
  const reports = (flags.report ?? []).map((file) => resolve(context.cwd, file));
  const traceFile = flags.trace === undefined ? undefined : resolve(context.cwd, flags.trace);
  const reportFiles = traceFile === undefined ? reports : [...reports, traceFile];
  checkReports(reportFiles);
  const options = { ...given, reportFiles };
  const renderer = await openRenderer(progressMode(flags, context), context);
  const collected = collectEvents();
  const tails = tailsFor(reports, context);
  const warn = (message: string): void => emit({ type: 'warning', message });
  const tracer = await tracerFor(traceFile, { options, context, warn });
  const emit = (event: BuildEvent): void => {
    collected.handle(event);
    tails.handle(event);
    renderer.handle(event);
    tracer?.handle(event);
  };
  const startedMs = monotonicMs();
  const tell = async (): Promise<void> => {
    try {
      await tracer?.finish();
    } finally {
      addToJobSummary({ state: collected.state(), tails: tails.lines }, { env: context.env, warn });
      renderer.end();
      writeReports(reports, { state: collected.state(), tails: tails.lines });
    }
  };
  try {
    [...flags.notes, ...environmentNotes(context.env)].forEach(warn);
    const outcome = await build(options, { signal: context.signal, emit });
    if (options.wantsID === true && outcome.image !== undefined) await writeStdout(`${outcome.image.configDigest}\n`);
  } catch (error) {
    // A build that had begun has told it.
    if (!hasFailed(collected.state()))
      emit({
        type: 'build-done',
        atMs: monotonicMs() - startedMs,
        result: context.signal.aborted ? 'cancelled' : 'failed',
        error: failureOf(error),
      });
    await tell().catch(warnOnStderr);
    throw error;
  }
  await tell();
  return 0;
}

/** What could not be told of a build that failed: why it failed is what counts. */
function warnOnStderr(error: unknown): void {
  stderr().write(`warning: ${plainText(error instanceof Error ? error.message : String(error))}\n`);
}

function hasFailed({ result }: BuildState): boolean {
  return result === 'failed' || result === 'cancelled';
}

/** Output is looked at only where a page tells it. */
function tailsFor(reports: readonly string[], { env }: CliContext): FailureTails {
  return asksForPage(reports, env) ? collectFailureTails() : { handle: () => undefined, lines: new Map() };
}

/** Loaded only where a trace is asked for, by flag or by environment. */
async function tracerFor(
  file: string | undefined,
  { options, context, warn }: { options: BuildOptions; context: CliContext; warn: (message: string) => void },
): Promise<Tracer | undefined> {
  if (file === undefined && !asksForOtlp(context.env)) return undefined;
  const { openTracer } = await import('./trace/tracer.ts');
  return openTracer({ file, env: context.env, caFile: options.caFile, warn });
}
