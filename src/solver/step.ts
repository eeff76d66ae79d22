import { type CacheRecord, type KeyMaterial, type LayerRef, preferredRecord } from '../../cache/index.ts';
import { asDiskFull, BuildError } from '../errors.ts';
import type { Op, Vertex } from '../graph/index.ts';
import { type HitCode, type LayerSummary, phaseTimer, type Reason, type RecordSummary } from '../progress/index.ts';
import { reason } from './explain.ts';
import { explanationOf, othersOf, placeOf, whyMissed } from './miss.ts';
import type { Made, OpRunner, Prepared, PreparedStep, Result, StepContext } from './runner.ts';
import { LayerLost, stackOf } from './runner.ts';
import { bracketOf, type OwnOutcome, outcomeOf, type Step, type StepOptions, type StepOutcome } from './step-state.ts';

/** Solves one vertex whose inputs are solved: looks it up, or runs it and publishes what it made. */
export async function solveStep(
  vertex: Vertex,
  inputs: readonly StepOutcome[],
  options: StepOptions,
): Promise<StepOutcome> {
  options.signal.throwIfAborted();
  const id = options.stepID(vertex);
  options.emit({ type: 'step-started', id, atMs: options.clock.elapsedMs() });
  const timer = phaseTimer(options);
  const step: Step = { vertex, inputs, options, id, log: {}, timed: (name, work) => timer({ name, of: id }, work) };
  try {
    const results = inputs.map((one) => one.result);
    const prepared = await step.timed('key', () =>
      runnerOf(vertex, options).prepare(vertex, results, stepContext(step)),
    );
    const own = prepared.kind === 'given' ? given(step, prepared) : await lookUpOrRun(step, prepared);
    return outcomeOf(own, inputs);
  } catch (error) {
    throw reportFailure(error, step);
  }
}

function runnerOf(vertex: Vertex, { runners }: StepOptions): OpRunner<Op> {
  return runners[vertex.op.kind];
}

function stepContext({ options, id, log, timed }: Step): StepContext {
  return {
    timed,
    signal: options.signal,
    output: (stream, data) => options.emit({ type: 'step-output', id, atMs: options.clock.elapsedMs(), stream, data }),
    warn: (message) => options.emit({ type: 'warning', message, step: id }),
    logsTo: (file) => {
      log.logFile = file;
    },
    tookPlace(name, ago) {
      const nowMs = options.clock.elapsedMs();
      options.emit({ type: 'phase', name, of: id, startedMs: nowMs - ago.beganMs, atMs: nowMs - ago.endedMs });
    },
  };
}

function given(step: Step, prepared: Extract<Prepared, { kind: 'given' }>): OwnOutcome {
  const { options, id, vertex } = step;
  const { material, result } = prepared;
  const hit = material === undefined ? undefined : hitOf(step, [{ hit: 'same', material }]);
  if (material === undefined || hit !== undefined) {
    const atMs = options.clock.elapsedMs();
    const record = hit === undefined ? {} : { record: summaryOf(hit.record) };
    if (vertex.origin.isStep)
      options.emit({ type: 'step-hit', id, atMs, reason: reason('same', 'same as before'), savedMs: 0, ...record });
    else options.emit({ type: 'step-done', id, atMs });
    return { vertex, result, createdAt: undefined, status: 'given', ...record };
  }
  missed(step, { material, explanation: prepared.explanation ?? {} });
  const createdAt = publish(step, {
    ...{ materials: [material], layers: [], costMs: 0 },
    explanation: prepared.explanation ?? {},
  });
  const record = { key: options.records.keyOf(material), createdAt };
  options.emit({ type: 'step-done', id, atMs: options.clock.elapsedMs(), record });
  return { vertex, result, createdAt: undefined, status: 'ran', record };
}

async function lookUpOrRun(step: Step, prepared: PreparedStep): Promise<OwnOutcome> {
  const { exact, hit } = await step.timed('look-up', () => lookUp(step, prepared));
  if (hit !== undefined) return takeHit(step, hit);
  if (step.options.failsOnMiss?.has(step.id) !== true) prepared.onMiss?.();
  if (exact !== undefined) missed(step, { material: exact, explanation: explanationOf(step, prepared) });
  const { clock, limit } = step.options;
  const startedMs = clock.elapsedMs();
  const made = prepared.takesSlot ? await limit(() => runIn(step, prepared, startedMs)) : await runIn(step, prepared);
  const costMs = clock.elapsedMs() - startedMs;
  return step.timed('record', () => finish(step, { made, prepared, costMs }));
}

/** By each key in turn. `exact` is what the first one was made of. */
async function lookUp(step: Step, prepared: PreparedStep): Promise<{ exact?: KeyMaterial; hit?: Hit }> {
  let exact: KeyMaterial | undefined;
  for (const source of prepared.keys) {
    const material = await source.material();
    if (material === undefined) continue;
    const hit = step.vertex.origin.ignoreCache ? undefined : hitOf(step, [{ hit: source.hit, material }]);
    if (hit !== undefined) {
      prepared.onHit?.(hit.record.layers);
      if (exact !== undefined) keepAs(exact, { step, prepared, record: hit.record });
      return { hit };
    }
    exact ??= material;
  }
  return exact === undefined ? {} : { exact };
}

async function runIn(step: Step, prepared: PreparedStep, waitsSinceMs?: number): Promise<Made> {
  const { signal, emit, clock } = step.options;
  const atMs = clock.elapsedMs();
  if (waitsSinceMs !== undefined) emit({ type: 'phase', name: 'wait', of: step.id, startedMs: waitsSinceMs, atMs });
  signal.throwIfAborted();
  const made = await step.timed('run', () => prepared.run());
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

function takeHit(step: Step, { record, code }: Hit): OwnOutcome {
  const { options, id, vertex, inputs } = step;
  options.records.touch(record.key, options.clock.nowMs());
  options.taken.add(record.key);
  const layer = summary(step, record.layers[0]);
  options.emit({
    type: 'step-hit',
    id,
    atMs: options.clock.elapsedMs(),
    reason: hitReason(step, code),
    savedMs: record.costMs,
    record: summaryOf(record),
    ...(layer === undefined ? {} : { layer }),
  });
  const result: Result = { kind: 'stack', layers: [...stackOf(inputs[0]?.result), ...record.layers] };
  return { vertex, result, createdAt: record.createdAt, status: 'hit', record: summaryOf(record) };
}

/** What was found by a later key is found by the first one from now on, which asks for less. */
function keepAs(
  material: KeyMaterial,
  { step, prepared, record }: { step: Step; prepared: PreparedStep; record: CacheRecord },
): void {
  const { layers, costMs, createdAt } = record;
  publish(step, { materials: [material], layers, costMs, createdAt, explanation: explanationOf(step, prepared) });
}

/** A hit above a step that ran again and gave the same is owed to that. */
function hitReason({ inputs }: Step, code: HitCode): Reason<HitCode> {
  if (code !== 'same') return reason(code, code);
  const cutOff = inputs.find((input) => input.isCutOff === true);
  if (cutOff === undefined) return reason('same', 'same as before');
  return reason('early-cut-off', `${bracketOf(cutOff.vertex.origin) ?? 'a step below'} ran again and made the same`);
}

function missed(step: Step, facts: { material: KeyMaterial; explanation: CacheRecord['explanation'] }): void {
  const { options, id, vertex } = step;
  const why = whyMissed(step, facts);
  options.emit({ type: 'step-missed', id, atMs: options.clock.elapsedMs(), ...why });
  if (options.failsOnMiss?.has(id) !== true) return;
  throw new BuildError('would-miss', `${vertex.origin.name} would miss: ${why.reason.message}`, {
    hint: `tsbuild explain ${id} tells everything that changed; without --fail-on-miss the step runs`,
  });
}

interface Finished {
  readonly made: Made;
  readonly prepared: PreparedStep;
  readonly costMs: number;
}

function finish(step: Step, { made, prepared, costMs }: Finished): OwnOutcome {
  const { options, id, vertex, inputs } = step;
  const earlier = sameContent(step, made);
  const kept = earlier?.material.fields['epoch'] === made.materials[0]?.fields['epoch'] ? earlier : undefined;
  const layer = kept?.layers[0] ?? made.layer;
  const createdAt = publish(step, {
    materials: made.materials,
    layers: [layer],
    explanation: explanationOf(step, prepared),
    costMs,
    createdAt: kept?.createdAt,
  });
  options.onLayer?.(vertex, layer);
  const record = recordOf(step, made, createdAt);
  options.emit({
    type: 'step-done',
    id,
    atMs: options.clock.elapsedMs(),
    layer: { diffID: layer.diffID, size: made.size },
    ...record,
    ...(made.usage === undefined ? {} : { usage: made.usage }),
    ...step.log,
    ...(kept === undefined ? {} : { earlyCutOff: true }),
  });
  const result: Result = { kind: 'stack', layers: [...stackOf(inputs[0]?.result), layer] };
  return { vertex, result, createdAt, status: 'ran', isCutOff: earlier !== undefined, ...record };
}

function summaryOf({ key, createdAt }: CacheRecord): RecordSummary {
  return { key, createdAt };
}

function recordOf({ options }: Step, { materials: [material] }: Made, createdAt: number) {
  return material === undefined ? {} : { record: { key: options.records.keyOf(material), createdAt } };
}

/**
 * Early cut-off: the step ran again and gave what it gave before, so the earlier layer stays, and with it what stands on it. Where another
 * epoch has dated that one it does not stay, and what stands on it hits all the same.
 */
function sameContent(step: Step, made: Made): CacheRecord | undefined {
  const material = made.materials[0];
  if (material === undefined || step.vertex.origin.ignoreCache) return undefined;
  const earlier = step.options.records.nearest(placeOf(step), material, othersOf(step));
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
  const told = asDiskFull(error);
  const located = told instanceof BuildError ? told.at(vertex.origin.range) : told;
  const message = located instanceof Error ? located.message : String(located);
  const refused = located instanceof BuildError && located.code === 'would-miss' ? { refused: true } : {};
  options.emit({ type: 'step-failed', id, atMs, message, ...refused, ...log });
  return located;
}
