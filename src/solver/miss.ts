import type { CacheRecord, KeyMaterial, OtherSteps } from '../../cache/index.ts';
import type { Origin } from '../graph/index.ts';
import type { Compared, MissCode, Reason } from '../progress/index.ts';
import { ageText } from '../util/age-text.ts';
import { compareKeys } from './compare-keys.ts';
import { explainMiss, NO_CACHE, reason } from './explain.ts';
import type { PreparedStep } from './runner.ts';
import type { Step } from './step-state.ts';

export interface Miss {
  readonly reason: Reason<MissCode>;
  /** The earlier record that told the reason, where one did. */
  readonly compared?: Compared;
}

/** The true cause of a miss: told to ignore the cache, bytes or records that are gone, or what differs from before. */
export function whyMissed(step: Step, facts: { material: KeyMaterial; explanation: CacheRecord['explanation'] }): Miss {
  const { options, vertex } = step;
  if (vertex.origin.ignoreCache) return { reason: NO_CACHE };
  const key = options.records.keyOf(facts.material);
  const lost = lostLayer(step, key) ?? lostRecord(step, key);
  if (lost !== undefined) return { reason: lost };
  const earlier = options.records.nearest(placeOf(step), facts.material, othersOf(step));
  const told = explainMiss({ ...facts, earlier, changedBelow: step.inputs[0]?.changed });
  return { reason: told, ...(earlier === undefined ? {} : { compared: comparedWith(earlier, facts.material) }) };
}

function comparedWith({ key, createdAt, material }: CacheRecord, now: KeyMaterial): Compared {
  return { key, createdAt, ...compareKeys(now, material) };
}

function lostLayer({ options }: Step, key: CacheRecord['key']): Reason<MissCode> | undefined {
  for (const { diffID } of options.records.lookup(key).flatMap((record) => record.layers)) {
    const why = options.lost.get(diffID);
    if (why === 'pruned') return prunedReason(options, diffID);
    if (why === 'remote-missing') return reason(why, 'its layer is gone, here and where it came from');
    if (why === 'corrupt') return reason(why, 'its layer was damaged');
  }
  return undefined;
}

function lostRecord(step: Step, key: CacheRecord['key']): Reason<MissCode> | undefined {
  const fate = step.options.records.fate(placeOf(step), key);
  if (fate === 'damaged') return reason('corrupt', 'its cache record was damaged');
  return fate === 'removed' ? prunedReason(step.options, key) : undefined;
}

function prunedReason({ prunedAt, clock }: Step['options'], digest: string): Reason<MissCode> {
  const at = prunedAt(digest);
  return reason('pruned', at === undefined ? 'pruned' : `pruned ${ageText(clock.nowMs() - at)} ago`);
}

export function placeOf({ vertex, options }: Step): CacheRecord['place'] {
  const { stage, index, kind } = vertex.origin;
  return { build: options.build, stage, index, kind, text: textOfStep(vertex.origin) };
}

/** The steps that stand elsewhere in this Dockerfile explain nothing: an inserted step is not its neighbour, edited. */
export function othersOf({ vertex, options }: Step): OtherSteps {
  const own = textOfStep(vertex.origin);
  const texts = options.texts.get(vertex.origin.stage) ?? [];
  return { keys: options.taken, texts: new Set(texts.filter((text) => text !== own)) };
}

/** Without its place: `RUN npm ci`. */
export function textOfStep({ name }: Origin): string {
  return name.replace(/^\[[^\]]*\] /, '');
}

/** What a later miss is explained with: the step's own, and where it stands. */
export function explanationOf(
  { inputs: [below] }: Step,
  { explanation }: Pick<PreparedStep, 'explanation'>,
): CacheRecord['explanation'] {
  return below?.base === undefined ? explanation : { ...explanation, base: below.base };
}
