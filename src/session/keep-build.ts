import type { Json } from '../../cache/index.ts';
import type { BuildOptions } from '../build-options.ts';
import {
  type BuildState,
  collectEvents,
  type Emit,
  failureOf,
  renderReport,
  type StoredBuild,
} from '../progress/index.ts';
import { withoutAbsent } from '../util/without-absent.ts';
import { shownRemote } from './contexts.ts';
import type { Session } from './session.ts';

/** Takes down what a build tells, so that it can be kept in the root and shown again. */
export interface BuildMinutes {
  /** Hands every event on. */
  readonly emit: Emit;
  /** No step ran. */
  readonly hasOnlyHits: () => boolean;
  /** Keeps the report of `session`'s build, which ended with `error` or well. */
  readonly keep: (session: Pick<Session, 'root' | 'clock' | 'place' | 'dockerfile'>, error?: unknown) => void;
}

export function takeMinutes(
  options: BuildOptions,
  { emit, signal }: { emit: Emit; signal: AbortSignal },
): BuildMinutes {
  const collected = collectEvents();
  return {
    emit(event) {
      collected.handle(event);
      emit(event);
    },
    hasOnlyHits: () => collected.state().steps.every(({ status }) => status === 'hit'),
    keep({ root, clock, place, dockerfile }, error) {
      const ended: BuildState = {
        ...collected.state(),
        ...(error === undefined ? {} : { ...failedState(error, signal), durationMs: clock.elapsedMs() }),
      };
      const build: StoredBuild = {
        schemaVersion: 1,
        id: root.buildID,
        startedAt: Math.round(clock.nowMs() - clock.elapsedMs()),
        ...{ place, context: shownRemote(options.context), file: dockerfile.file, tags: options.tags },
        ...withoutAbsent({ target: options.target, error: ended.error }),
        findings: ended.findings,
        report: renderReport(ended),
      };
      root.builds.put(build.id, build as unknown as Json);
    },
  };
}

function failedState(error: unknown, signal: AbortSignal): Pick<BuildState, 'result' | 'error'> {
  return { result: signal.aborted ? 'cancelled' : 'failed', error: failureOf(error) };
}
