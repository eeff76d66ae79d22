import pLimit from 'p-limit';
import type { CacheRecord } from '../../cache/index.ts';
import { BuildError } from '../errors.ts';
import type { Definition, Vertex } from '../graph/index.ts';
import { anySignal } from '../util/any-signal.ts';
import { reason } from './explain.ts';
import { textOfStep } from './miss.ts';
import type { Solved, SolveOptions } from './options.ts';
import { solveStep } from './step.ts';
import type { StepOutcome } from './step-state.ts';

export interface Solution {
  of(vertex: Vertex): Solved;
}

/**
 * Solves every vertex that the targets need, each once, independent ones at the same time. The first failure cancels the
 * rest, waits until all of it has ended, and is thrown; so does an abort of `signal`, as `cancelled`.
 */
export async function solve(definition: Definition, options: SolveOptions): Promise<Solution> {
  const failure = new AbortController();
  const signal = anySignal([options.signal, failure.signal]);
  const limit = pLimit(Math.max(1, options.jobs));
  const running = new Map<string, Promise<StepOutcome>>();
  const taken = new Set<CacheRecord['key']>();
  const texts = textsByStage(definition.vertices);
  let first: unknown;

  const start = (vertex: Vertex): Promise<StepOutcome> => {
    const known = running.get(vertex.digest);
    if (known !== undefined) return known;
    const inputs = vertex.inputs.map(start);
    const started = settleInputs(inputs)
      .then((solved) => solveStep(vertex, solved, { ...options, signal, limit, taken, texts }))
      .catch((error: unknown) => {
        first ??= error;
        failure.abort(error);
        throw error;
      });
    running.set(vertex.digest, started);
    return started;
  };

  const all = await Promise.allSettled(
    definition.vertices.map(async (vertex) => mirror(vertex, await start(vertex), options)),
  );
  if (options.signal.aborted)
    throw new BuildError('cancelled', 'the build was cancelled', { cause: options.signal.reason });
  if (all.some((one) => one.status === 'rejected')) throw first;
  const outcomes = new Map<string, StepOutcome>();
  for (const [digest, promise] of running) outcomes.set(digest, await promise);
  return {
    of(vertex) {
      const outcome = outcomes.get(vertex.digest);
      if (outcome === undefined) throw new Error(`${vertex.origin.name} was not part of this solve`);
      return outcome;
    },
  };
}

function textsByStage(vertices: readonly Vertex[]): Map<string, string[]> {
  const texts = new Map<string, string[]>();
  for (const { origin } of vertices) {
    const sofar = texts.get(origin.stage);
    if (sofar === undefined) texts.set(origin.stage, [textOfStep(origin)]);
    else sofar.push(textOfStep(origin));
  }
  return texts;
}

/** A step that is the same work as another one, written elsewhere in the Dockerfile: reported as a hit on it. */
function mirror(vertex: Vertex, outcome: StepOutcome, { stepID, emit, clock }: SolveOptions): void {
  if (outcome.vertex === vertex || !vertex.origin.isStep) return;
  const id = stepID(vertex);
  const atMs = clock.elapsedMs();
  emit({ type: 'step-started', id, atMs });
  const why = reason('same', `same as ${outcome.vertex.origin.name}`);
  const record = outcome.record === undefined ? {} : { record: outcome.record };
  emit({ type: 'step-hit', id, atMs, reason: why, savedMs: 0, ...record });
}

/** All inputs or the first error, but only after every input has ended: nothing may run on behind a failed build. */
async function settleInputs(inputs: readonly Promise<StepOutcome>[]): Promise<readonly StepOutcome[]> {
  const settled = await Promise.allSettled(inputs);
  return settled.map((one) => {
    if (one.status === 'rejected') throw one.reason;
    return one.value;
  });
}
