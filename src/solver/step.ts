import type { LimitFunction } from 'p-limit';
import { type CacheRecord, type KeyMaterial, type LayerRef, preferredRecord } from '../../cache/index.ts';
import { BuildError } from '../errors.ts';
import type { Op, Vertex } from '../graph/index.ts';
import type { HitCode, LayerSummary } from '../progress/index.ts';
import { explainMiss, NO_CACHE, reason } from './explain.ts';
import type { Solved, SolveOptions } from './options.ts';
import type { Made, OpRunner, Prepared, PreparedStep, Result, StepContext } from './runner.ts';
import { LayerLost, stackOf } from './runner.ts';

export interface StepOutcome extends Solved {
  readonly vertex: Vertex;
  readonly status: 'hit' | 'ran' | 'given';
}

export interface StepOptions extends SolveOptions {
  readonly limit: LimitFunction;
  /** Keys that steps of this very solve hit or made: they explain no other step's miss. */
  readonly taken: Set<CacheRecord['key']>;
}

/** Solves one vertex whose inputs are solved: looks it up, or runs it and publishes what it made. */
export async function solveStep(
  vertex: Vertex,
  inputs: readonly StepOutcome[],
  options: StepOptions,
): Promise<StepOutcome> {
  options.signal.throwIfAborted();
  const id = options.stepID(vertex);
  options.emit({ type: 'step-started', id, atMs: options.clock.elapsedMs() });
  const step: Step = { vertex, inputs, options, id, log: {} };
  try {
    const prepared = await runnerOf(vertex, options).prepare(
      vertex,
      inputs.map((one) => one.result),
      stepContext(step),
    );
    return prepared.kind === 'given' ? given(step, prepared) : await lookUpOrRun(step, prepared);
  } catch (error) {
    throw reportFailure(error, step);
  }
}

interface Step {
  readonly vertex: Vertex;
  readonly inputs: readonly StepOutcome[];
  readonly options: StepOptions;
  readonly id: string;
  /** Filled by the step itself. */
  readonly log: { logFile?: string };
}

function runnerOf(vertex: Vertex, { runners }: StepOptions): OpRunner<Op> {
  return runners[vertex.op.kind];
}

function stepContext({ options, id, log }: Step): StepContext {
  return {
    signal: options.signal,
    output: (stream, data) => options.emit({ type: 'step-output', id, atMs: options.clock.elapsedMs(), stream, data }),
    warn: (message) => options.emit({ type: 'warning', message, step: id }),
    logsTo: (file) => {
      log.logFile = file;
    },
  };
}

function given(step: Step, prepared: Extract<Prepared, { kind: 'given' }>): StepOutcome {
  const { options, id, vertex } = step;
  const { material, result } = prepared;
  if (material === undefined || hitOf(step, [{ hit: 'same', material }]) !== undefined) {
    const atMs = options.clock.elapsedMs();
    if (vertex.origin.isStep)
      options.emit({ type: 'step-hit', id, atMs, reason: reason('same', 'same as before'), savedMs: 0 });
    else options.emit({ type: 'step-done', id, atMs });
    return { vertex, result, createdAt: undefined, status: 'given' };
  }
  missed(step, { material, explanation: prepared.explanation ?? {} });
  publish(step, { materials: [material], layers: [], explanation: prepared.explanation ?? {}, costMs: 0 });
  options.emit({ type: 'step-done', id, atMs: options.clock.elapsedMs() });
  return { vertex, result, createdAt: undefined, status: 'ran' };
}

async function lookUpOrRun(step: Step, prepared: PreparedStep): Promise<StepOutcome> {
  const tried: { readonly hit: HitCode; readonly material: KeyMaterial }[] = [];
  for (const source of prepared.keys) {
    const material = await source.material();
    if (material === undefined) continue;
    tried.push({ hit: source.hit, material });
    const hit = step.vertex.origin.ignoreCache ? undefined : hitOf(step, [{ hit: source.hit, material }]);
    if (hit !== undefined) {
      prepared.onHit?.(hit.record.layers);
      return takeHit(step, hit);
    }
  }
  const exact = tried[0]?.material;
  if (exact !== undefined) missed(step, { material: exact, explanation: prepared.explanation });
  const startedMs = step.options.clock.elapsedMs();
  const made = prepared.takesSlot ? await step.options.limit(() => runIn(step, prepared)) : await runIn(step, prepared);
  return finish(step, { made, prepared, costMs: step.options.clock.elapsedMs() - startedMs });
}

async function runIn(step: Step, prepared: PreparedStep): Promise<Made> {
  step.options.signal.throwIfAborted();
  const made = await prepared.run();
  // Writing files holds the thread: what came meanwhile, an abort too, is heard before anything else starts.
  await nextTurn();
  return made;
}

/** After the event loop has looked for signals and input: the first immediate may come before that. */
async function nextTurn(): Promise<void> {
  for (let turn = 0; turn < 2; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}

interface Hit {
  readonly record: CacheRecord;
  readonly code: HitCode;
}

/** The oldest usable record, for what a step's first result was stays its result; but what was refreshed since wins. */
function hitOf({ options }: Step, tried: readonly { hit: HitCode; material: KeyMaterial }[]): Hit | undefined {
  for (const { hit, material } of tried) {
    const records = options.records.lookup(options.records.keyOf(material));
    const record = preferredRecord(
      records.filter((one) => one.layers.every((layer) => !options.lost.has(layer.diffID))),
    );
    if (record !== undefined) return { record, code: hit };
  }
  return undefined;
}

function takeHit(step: Step, { record, code }: Hit): StepOutcome {
  const { options, id, vertex, inputs } = step;
  options.records.touch(record.key, options.clock.nowMs());
  options.taken.add(record.key);
  const layer = summary(step, record.layers[0]);
  options.emit({
    type: 'step-hit',
    id,
    atMs: options.clock.elapsedMs(),
    reason: reason(code, code === 'relinked' ? 'relinked' : 'same as before'),
    savedMs: record.costMs,
    ...(layer === undefined ? {} : { layer }),
  });
  const result: Result = { kind: 'stack', layers: [...stackOf(inputs[0]?.result), ...record.layers] };
  return { vertex, result, createdAt: record.createdAt, status: 'hit' };
}

function missed(step: Step, facts: { material: KeyMaterial; explanation: CacheRecord['explanation'] }): void {
  const { options, id, vertex } = step;
  const lost = options.records.lookup(options.records.keyOf(facts.material)).flatMap((record) => record.layers);
  const gone = lost.map((layer) => options.lost.get(layer.diffID)).find((one) => one !== undefined);
  const why = vertex.origin.ignoreCache
    ? NO_CACHE
    : gone !== undefined
      ? reason(gone, `its layer is ${gone}`)
      : explainMiss({
          ...facts,
          earlier: options.records.nearest(placeOf(step), facts.material, options.taken),
          changedBelow: changedBelow(step),
        });
  options.emit({ type: 'step-missed', id, atMs: options.clock.elapsedMs(), reason: why });
}

interface Finished {
  readonly made: Made;
  readonly prepared: PreparedStep;
  readonly costMs: number;
}

function finish(step: Step, { made, prepared, costMs }: Finished): StepOutcome {
  const { options, id, vertex, inputs } = step;
  const earlier = sameContent(step, made);
  const layer = earlier?.layers[0] ?? made.layer;
  const createdAt = publish(step, {
    materials: made.materials,
    layers: [layer],
    explanation: prepared.explanation,
    costMs,
    createdAt: earlier?.createdAt,
  });
  options.emit({
    type: 'step-done',
    id,
    atMs: options.clock.elapsedMs(),
    layer: { diffID: layer.diffID, size: made.size },
    ...(made.usage === undefined ? {} : { usage: made.usage }),
    ...step.log,
    ...(earlier === undefined ? {} : { earlyCutOff: true }),
  });
  const result: Result = { kind: 'stack', layers: [...stackOf(inputs[0]?.result), layer] };
  return { vertex, result, createdAt, status: 'ran' };
}

/** Early cut-off: the step ran again and gave what it gave before, so the earlier layer stays, and with it what stands on it. */
function sameContent(step: Step, made: Made): CacheRecord | undefined {
  const material = made.materials[0];
  if (material === undefined || step.vertex.origin.ignoreCache) return undefined;
  const earlier = step.options.records.nearest(placeOf(step), material, step.options.taken);
  const layer = earlier?.layers[0];
  if (earlier === undefined || layer === undefined || layer.contentID !== made.layer.contentID) return undefined;
  const isHere = !step.options.lost.has(layer.diffID) && step.options.layerSize(layer) !== undefined;
  return isHere ? earlier : undefined;
}

interface Publication {
  readonly materials: readonly KeyMaterial[];
  readonly layers: readonly LayerRef[];
  readonly explanation: CacheRecord['explanation'];
  readonly costMs: number;
  readonly createdAt?: number | undefined;
}

function publish(step: Step, { materials, layers, explanation, costMs, createdAt }: Publication): number {
  const { records, clock } = step.options;
  const nowMs = clock.nowMs();
  for (const material of materials) {
    const key = records.keyOf(material);
    step.options.taken.add(key);
    records.put({
      key,
      material,
      layers,
      createdAt: createdAt ?? nowMs,
      lastUsedAt: nowMs,
      costMs: Math.round(costMs),
      ...(step.vertex.origin.ignoreCache ? { refreshed: true as const } : {}),
      place: placeOf(step),
      explanation,
    });
  }
  return createdAt ?? nowMs;
}

function placeOf({ vertex, options }: Step): CacheRecord['place'] {
  const { stage, index, kind } = vertex.origin;
  return { build: options.build, stage, index, kind };
}

/** The nearest step below that did not come from the cache, as `[build 5/6]`. */
function changedBelow({ inputs }: Step): string | undefined {
  const ran = inputs.find((input) => input.status === 'ran');
  return ran?.vertex.origin.name.match(/^\[[^\]]*\]/)?.[0];
}

function summary({ options }: Step, layer: LayerRef | undefined): LayerSummary | undefined {
  if (layer === undefined) return undefined;
  const size = options.layerSize(layer);
  return size === undefined ? undefined : { diffID: layer.diffID, size };
}

/** Cancelled when the build was; else the error with the step's place in the Dockerfile. */
function reportFailure(error: unknown, { vertex, id, options, log }: Step): unknown {
  const atMs = options.clock.elapsedMs();
  if (options.signal.aborted) {
    options.emit({ type: 'step-cancelled', id, atMs });
    return error;
  }
  if (error instanceof LayerLost) return error;
  const located = error instanceof BuildError ? error.at(vertex.origin.range) : error;
  const message = located instanceof Error ? located.message : String(located);
  options.emit({ type: 'step-failed', id, atMs, message, ...log });
  return located;
}
