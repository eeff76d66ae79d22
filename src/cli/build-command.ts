import { build } from '../build.ts';
import type { BuildEvent } from '../progress/index.ts';
import { collectEvents } from '../progress/index.ts';
import { monotonicMs } from '../util/clock.ts';
import { buildOptions } from './build-flags/options.ts';
import { parseBuildFlags } from './build-flags/parse.ts';
import type { CliContext } from './context.ts';
import { openRenderer } from './renderer.ts';
import { writeReports } from './reports.ts';

/** `tsbuild [build] …`: builds, renders events on stderr, writes reports whatever the outcome. */
export async function buildCommand(argv: readonly string[], context: CliContext): Promise<number> {
  const flags = parseBuildFlags(argv);
  if (flags === 'shown') return 0;
  const options = buildOptions(flags, context);
  const renderer = await openRenderer(flags.quiet === true ? 'quiet' : (flags.progress ?? 'auto'), context);
  const collected = collectEvents();
  const emit = (event: BuildEvent): void => {
    collected.handle(event);
    renderer.handle(event);
  };
  const startedMs = monotonicMs();
  try {
    const outcome = await build(options, { signal: context.signal, emit });
    if (flags.quiet === true && outcome.image !== undefined) process.stdout.write(`${outcome.image.configDigest}\n`);
    return 0;
  } catch (error) {
    emit({
      type: 'build-done',
      atMs: monotonicMs() - startedMs,
      result: context.signal.aborted ? 'cancelled' : 'failed',
    });
    throw error;
  } finally {
    renderer.end();
    writeReports(flags.report ?? [], collected.state());
  }
}
