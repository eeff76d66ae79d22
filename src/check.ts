import type { BuildOptions } from './build-options.ts';
import { asDiskFull, BuildError, type SourceText } from './errors.ts';
import {
  assertParsed,
  type Diagnostic,
  type Dockerfile,
  type LowerDeps,
  type LowerOptions,
  listTargets,
  lower,
  type Outline,
  outlineDockerfile,
  parseDockerfile,
  type TargetSummary,
} from './frontend/index.ts';
import type { Emit } from './progress/index.ts';
import { openSession } from './session/index.ts';
import { lowerOptions } from './session/lower-options.ts';
import { anySignal } from './util/any-signal.ts';

/** What the rules found, and what a build would fail with before its first step. */
export interface CheckResult {
  readonly source: SourceText;
  /** By line. Those found before the error, if there is one. */
  readonly diagnostics: readonly Diagnostic[];
  readonly error: BuildError | undefined;
}

export interface OutlineResult {
  readonly source: SourceText;
  readonly outline: Outline;
}

export interface TargetsResult {
  readonly source: SourceText;
  readonly targets: readonly TargetSummary[];
}

export interface CallDeps {
  readonly signal: AbortSignal;
  /** Notices about images; nothing of a build. */
  readonly emit?: Emit;
}

/**
 * Parses and lowers without running anything: no worker, no output, no layer. Without a target every stage is looked at. A
 * Dockerfile with errors, and a base image that cannot be had, are part of the result.
 *
 * @throws BuildError when there is no Dockerfile to read; `cancelled` when `signal` aborts.
 */
export function check(options: BuildOptions, deps: CallDeps): Promise<CheckResult> {
  return withDockerfile(options, deps, async ({ dockerfile, source, lowering, resolver }) => {
    let diagnostics: readonly Diagnostic[] = [];
    const report = (found: readonly Diagnostic[]): void => {
      diagnostics = found;
    };
    const { signal } = deps;
    const error = await failureOf(async () => {
      assertParsed(dockerfile, { ...lowering, report });
      await lower(dockerfile, { ...lowering, isCheck: true }, { resolver, signal, report });
    });
    return { source, diagnostics, error: error?.from(source) };
  });
}

/** What a build of the target takes. @throws BuildError also for a base image that cannot be had, as BuildKit does. */
export function outline(options: BuildOptions, deps: CallDeps): Promise<OutlineResult> {
  return withDockerfile(options, deps, async ({ dockerfile, source, lowering, resolver }) => {
    assertParsed(dockerfile, lowering);
    return { source, outline: await outlineDockerfile(dockerfile, lowering, { resolver, signal: deps.signal }) };
  });
}

/** The stages that can be built, from the text alone. @throws BuildError */
export function targets(options: BuildOptions, deps: CallDeps): Promise<TargetsResult> {
  return withDockerfile(options, deps, async ({ dockerfile, source, lowering }) => {
    assertParsed(dockerfile, lowering);
    return { source, targets: listTargets(dockerfile) };
  });
}

interface Opened {
  readonly dockerfile: Dockerfile;
  readonly source: SourceText;
  readonly lowering: LowerOptions;
  readonly resolver: LowerDeps['resolver'];
}

/** Errors get the Dockerfile's text, which an excerpt is cut from. */
async function withDockerfile<T>(
  options: BuildOptions,
  { signal, emit = ignore }: CallDeps,
  work: (opened: Opened) => Promise<T>,
): Promise<T> {
  try {
    signal.throwIfAborted();
    const silent = { ...options, outputs: [], iidFile: undefined, metadataFile: undefined };
    await using session = await openSession(silent, { signal: anySignal([signal]), emit });
    const dockerfile = parseDockerfile(session.dockerfile.text, { file: session.dockerfile.file });
    const source = { file: dockerfile.file, text: dockerfile.text };
    try {
      return await work({ dockerfile, source, lowering: lowerOptions(options, session), resolver: session.resolver });
    } catch (error) {
      throw error instanceof BuildError ? error.from(source) : error;
    }
  } catch (error) {
    throw signal.aborted ? new BuildError('cancelled', 'cancelled', { cause: error }) : asDiskFull(error);
  }
}

async function failureOf(work: () => Promise<void>): Promise<BuildError | undefined> {
  try {
    await work();
    return undefined;
  } catch (error) {
    if (error instanceof BuildError) return error;
    throw error;
  }
}

function ignore(): void {}
