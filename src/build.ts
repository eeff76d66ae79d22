import type { DiffID } from '../cache/index.ts';
import type { BuildOptions } from './build-options.ts';
import { asDiskFull, BuildError } from './errors.ts';
import { checkDestinations } from './exporter/index.ts';
import { assertParsed, type DateSource, type Diagnostic, lower, parseDockerfile } from './frontend/index.ts';
import type { Definition } from './graph/index.ts';
import { growHeapSlowly } from './host/process/index.ts';
import { normaliseReference } from './image/oci/index.ts';
import { type Emit, failureOf, type ImageSummary, phaseTimer } from './progress/index.ts';
import { baseLost } from './session/base-lost.ts';
import { withEpoch } from './session/context-date.ts';
import { exportTargets } from './session/export.ts';
import { failsOnMiss } from './session/fails-on-miss.ts';
import { openSession } from './session/index.ts';
import { keepBelowCap } from './session/keep-below-cap.ts';
import { type BuildMinutes, takeMinutes } from './session/keep-build.ts';
import { lowerOptions } from './session/lower-options.ts';
import { outputsOf, sideFilesOf } from './session/outputs.ts';
import { assertDisk } from './session/preflight.ts';
import type { Session } from './session/session.ts';
import { removeStaleFiles } from './session/side-files.ts';
import { planSteps } from './session/steps.ts';
import { assertSureRuns } from './session/sure-runs.ts';
import { tellDiagnostics } from './session/tell-diagnostics.ts';
import { tellOfUnread } from './session/unread-wishes.ts';
import { LayerLost, type Records, type Solution, solve } from './solver/index.ts';
import { anySignal } from './util/any-signal.ts';

export interface BuildOutcome {
  /** Absent when nothing was exported and no name was given. */
  readonly image?: ImageSummary;
}

/**
 * Builds a Dockerfile: parse → lower → solve → export. Everything the build tells is an event; what it made is in the root and
 * at the outputs. On any error and on abort nothing is half written: no output, no record, no mount, no process.
 *
 * @throws BuildError; `cancelled` when `signal` aborts.
 */
export function build(options: BuildOptions, deps: BuildDeps): Promise<BuildOutcome> {
  return cancellable(deps.signal, async (signal) => {
    for (const tag of options.tags) normaliseReference(tag);
    checkDestinations([...outputsOf(options), ...sideFilesOf(options)]);
    removeStaleFiles(options);
    const minutes = takeMinutes(options, deps);
    const built = solveBuild(
      options,
      { signal, ...minutes },
      async ({ definition, solution, session, diagnostics }) => {
        const context = { session, options, diagnostics, signal, ...minutes };
        const image = await exportTargets(definition, solution, context);
        const done = image === undefined ? {} : { image };
        if (image === undefined) minutes.emit({ type: 'notice', message: NOTHING_WRITTEN });
        minutes.tellHint(session);
        minutes.emit({ type: 'build-done', atMs: session.clock.elapsedMs(), result: 'built', ...done });
        return done;
      },
    );
    return await built.finally(() =>
      keepBelowCap(options, { signal, emit: deps.emit, hasOnlyHits: minutes.hasOnlyHits }),
    );
  });
}

const NOTHING_WRITTEN = 'nothing is written: -t NAME names the image and writes a tarball, -o says what else to write';

export interface BuildDeps {
  readonly signal: AbortSignal;
  readonly emit: Emit;
}

/** A build before its end, while its session is open. */
export interface SolvedBuild {
  readonly definition: Definition;
  readonly solution: Solution;
  readonly session: Session;
  /** What the build checks found. */
  readonly diagnostics: readonly Diagnostic[];
}

/**
 * Builds and ends with `finish` instead of an export. When that finds a layer gone (LayerLost) everything is solved, and
 * finished, again.
 * @throws BuildError; `cancelled` when `signal` aborts.
 */
export function solveBuild<T>(
  options: BuildOptions,
  { signal: given, emit, keep }: BuildDeps & Partial<BuildMinutes>,
  finish: (solved: SolvedBuild) => Promise<T>,
): Promise<T> {
  return cancellable(given, async (signal) => {
    await using session = await openSession(options, { signal, emit });
    try {
      const finished = await tellWithSource({ session, options, signal, emit }, finish);
      keep?.(session);
      return finished;
    } catch (error) {
      const reason = reasonOf(error, signal);
      const result = signal.aborted ? 'cancelled' : 'failed';
      emit({ type: 'build-done', atMs: session.clock.elapsedMs(), result, error: failureOf(reason) });
      keep?.(session);
      throw reason;
    }
  });
}

async function cancellable<T>(signal: AbortSignal, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  try {
    signal.throwIfAborted();
    return await work(anySignal([signal]));
  } catch (error) {
    throw reasonOf(error, signal);
  }
}

/** Whatever broke on the way out of a cancelled build: the abort is why. */
function reasonOf(error: unknown, signal: AbortSignal): unknown {
  return signal.aborted ? new BuildError('cancelled', 'the build was cancelled', { cause: error }) : asDiskFull(error);
}

/** Errors get the Dockerfile's text, which an excerpt is cut from. */
async function tellWithSource<T>(story: Omit<Story, 'stepID' | 'guarded'>, finish: Finish<T>): Promise<T> {
  try {
    return await tell(story, finish);
  } catch (error) {
    const { file, text } = story.session.dockerfile;
    throw error instanceof BuildError ? error.from({ file, text: Buffer.from(text).toString('utf8') }) : error;
  }
}

async function tell<T>(
  { session, options, signal, emit }: Omit<Story, 'stepID' | 'guarded'>,
  finish: Finish<T>,
): Promise<T> {
  const timed = phaseTimer({ emit, clock: session.clock });
  const { text, file } = session.dockerfile;
  if (text.length > MANY_BYTES) growHeapSlowly();
  const dockerfile = timed({ name: 'parse' }, () => parseDockerfile(text, { file }));
  tellOfUnread({ syntax: dockerfile.directives.syntax, buildArgs: options.buildArgs }, (message) =>
    emit({ type: 'warning', message }),
  );
  let diagnostics: readonly Diagnostic[] = [];
  const report = (found: readonly Diagnostic[]): void => {
    diagnostics = found;
    tellDiagnostics(found, emit);
  };
  assertParsed(dockerfile, { buildArgs: options.buildArgs, checkRules: options.checkRules, report });
  const lowering = lowerOptions(await withEpoch(options, session), session);
  const deps = {
    resolver: session.resolver,
    signal,
    dateOf: (source: DateSource) => session.dateOf(source),
    report,
  };
  const lowered = await timed({ name: 'lower' }, () => lower(dockerfile, lowering, deps));
  session.useProxies(lowered.proxyEnv);
  session.aimAt(lowered.definition);
  assertDisk(options.rootDir);
  if (options.failOnMiss === undefined) await assertSureRuns(lowered.definition, session);
  const { steps, stepID } = planSteps(lowered.definition, session.dockerfile.file);
  emit({ type: 'steps-planned', steps });
  const guarded = failsOnMiss(options.failOnMiss, { definition: lowered.definition, steps, stepID });
  const story = { session, options, guarded, stepID, signal, emit };
  return solveAndFinish(lowered.definition, story, (solved) => finish({ ...solved, diagnostics }));
}

/** Of a Dockerfile: hundreds of steps. */
const MANY_BYTES = 8 * 1024;

type Finish<T> = (solved: SolvedBuild) => Promise<T>;

interface Story {
  readonly session: Session;
  readonly options: BuildOptions;
  readonly stepID: ReturnType<typeof planSteps>['stepID'];
  /** Ids of the steps that must not miss. */
  readonly guarded: ReadonlySet<string> | undefined;
  readonly signal: AbortSignal;
  readonly emit: Emit;
}

/**
 * A record may name a layer whose bytes are gone. That shows when export or a step asks for them: then everything is solved
 * again with that layer known as lost, which is quick, for all the rest is cached.
 */
async function solveAndFinish<T>(
  definition: Definition,
  story: Story,
  finish: (solved: Omit<SolvedBuild, 'diagnostics'>) => Promise<T>,
): Promise<T> {
  const lost = new Map<DiffID, LayerLost['reason']>();
  for (;;) {
    try {
      const solution = await solveOnce(definition, story, lost);
      story.session.stepsAreSolved();
      return await finish({ definition, solution, session: story.session });
    } catch (error) {
      if (!(error instanceof LayerLost)) throw error;
      if (lost.has(error.diffID)) throw baseLost(error, definition);
      lost.set(error.diffID, error.reason);
    }
  }
}

function solveOnce(
  definition: Definition,
  { session, options, guarded, stepID, signal, emit }: Story,
  lost: ReadonlyMap<DiffID, LayerLost['reason']>,
): Promise<Solution> {
  return solve(definition, {
    runners: session.runners,
    records: options.keepsNoRecord === true ? readOnly(session.root.records) : session.root.records,
    prunedAt: (digest) => session.root.tombstones.prunedAt(digest),
    failsOnMiss: guarded,
    onLayer: (vertex, layer) => session.layerIsMade(vertex, layer),
    layerSize: (layer) => session.root.layers.meta(layer.diffID)?.size,
    build: session.place,
    jobs: options.jobs,
    clock: session.clock,
    stepID,
    lost,
    emit,
    signal,
  });
}

function readOnly(records: Records): Records {
  return {
    keyOf: (material) => records.keyOf(material),
    lookup: (key) => records.lookup(key),
    nearest: (place, material, others) => records.nearest(place, material, others),
    fate: (place, key) => records.fate(place, key),
    put: () => undefined,
    touch: () => undefined,
  };
}
