import type { Json } from '../../cache/index.ts';
import type { BuildOptions } from '../build-options.ts';
import {
  asStoredBuild,
  collectEvents,
  type Emit,
  ignoreHint,
  type Report,
  renderReport,
  type StoredBuild,
} from '../progress/index.ts';
import { withoutAbsent } from '../util/without-absent.ts';
import { mainKind, shownRemote } from './remote-context.ts';
import type { Session } from './session.ts';

/** Takes down what a build tells, so that it can be kept in the root and shown again. */
export interface BuildMinutes {
  /** Hands every event on. */
  readonly emit: Emit;
  /** No step ran. */
  readonly hasOnlyHits: () => boolean;
  /** Tells what would save work next time, where earlier builds show it; asked once all steps have ended well. */
  readonly tellHint: (session: Pick<Session, 'root' | 'place' | 'ignoreRules'>) => void;
  /** Keeps the report of `session`'s build, which has told its end. */
  readonly keep: (session: Pick<Session, 'root' | 'clock' | 'place' | 'dockerfile'>) => void;
}

export function takeMinutes(options: BuildOptions, { emit }: { readonly emit: Emit }): BuildMinutes {
  const collected = collectEvents();
  return {
    emit(event) {
      collected.handle(event);
      emit(event);
    },
    hasOnlyHits: () => collected.state().steps.every(({ status }) => status === 'hit'),
    tellHint({ root, place, ignoreRules }) {
      if (options.context === '-' || mainKind(options) !== undefined) return;
      const { steps } = renderReport(collected.state());
      const hint = ignoreHint(latestFirst(steps, { root, place }), ignoreRules[0]?.file ?? '.dockerignore');
      if (hint !== undefined) this.emit({ type: 'hint', message: hint });
    },
    keep({ root, clock, place, dockerfile }) {
      const ended = collected.state();
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

/** So many of the stored builds are looked at for a hint. */
const MAX_BUILDS_READ = 20;

/** This build, then those of the same Dockerfile that are remembered; each is read when it is asked for. */
function* latestFirst(
  steps: Report['steps'],
  { root, place }: Pick<Session, 'root' | 'place'>,
): Generator<Pick<Report, 'steps'>> {
  yield { steps };
  for (const id of root.builds.ids().slice(0, MAX_BUILDS_READ)) {
    const build = asStoredBuild(root.builds.get(id));
    if (build?.place === place) yield build.report;
  }
}
