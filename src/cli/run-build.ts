import { resolve } from 'node:path';
import { build } from '../build.ts';
import type { BuildEvent } from '../progress/index.ts';
import { collectEvents, failureOf } from '../progress/index.ts';
import { monotonicMs } from '../util/clock.ts';
import { buildOptions } from './build-flags/options.ts';
import type { BuildFlags } from './build-flags/parse.ts';
import type { CliContext } from './context.ts';
import { openRenderer } from './renderer.ts';
import { checkReports, writeReports } from './reports.ts';
import { writeStdout } from './stdout.ts';

/** Builds, renders events on stderr, writes reports whatever the outcome. */
export async function runBuild(flags: BuildFlags, context: CliContext): Promise<number> {
  const options = buildOptions(flags, context);
  const reports = (flags.report ?? []).map((file) => resolve(context.cwd, file));
  await checkReports(reports);
  const renderer = await openRenderer(flags.quiet === true ? 'quiet' : (flags.progress ?? 'auto'), context);
  const collected = collectEvents();
  const emit = (event: BuildEvent): void => {
    collected.handle(event);
    renderer.handle(event);
  };
  const startedMs = monotonicMs();
  try {
    const outcome = await build(options, { signal: context.signal, emit });
    if (flags.quiet === true && outcome.image !== undefined) await writeStdout(`${outcome.image.configDigest}\n`);
    return 0;
  } catch (error) {
    emit({
      type: 'build-done',
      atMs: monotonicMs() - startedMs,
      result: context.signal.aborted ? 'cancelled' : 'failed',
      error: failureOf(error),
    });
    throw error;
  } finally {
    renderer.end();
    writeReports(reports, collected.state());
  }
}
