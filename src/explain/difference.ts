import type { CacheRecord, KeyMaterial, RecordReader } from '../../cache/index.ts';
import type { MissCode, Reason, StoredBuild, StoredStep } from '../progress/index.ts';
import { compareKeys, explainMiss, reason } from '../solver/index.ts';

/** How a step differs from the same one of another build. */
export interface Difference {
  /** `unknown`: a record is gone, or there never was one. */
  readonly kind: 'same' | 'other' | 'only-here' | 'unknown';
  readonly reason?: Reason<MissCode>;
  /** For people, when no reason says it. */
  readonly message?: string;
  /** The step of the other build. */
  readonly there?: Pick<StoredStep, 'id' | 'name' | 'record' | 'layer'>;
  /** Which parts of the two keys are the same: names of fields, `content` and `inputs`. */
  readonly same?: readonly string[];
  readonly other?: readonly string[];
}

export interface ComparedBuilds {
  readonly differences: ReadonlyMap<StoredStep, Difference>;
  readonly gone: readonly StoredStep[];
}

/** Each step with the one of the other build that has its text, its key or its place. */
export function compareBuilds(now: StoredBuild, then: StoredBuild, records: RecordReader): ComparedBuilds {
  const pairs = pairSteps(now.report.steps, then.report.steps);
  const differences = new Map<StoredStep, Difference>();
  /** Of each stage, the latest step whose result is another. */
  const changed = new Map<string, string>();
  for (const step of now.report.steps) {
    const there = pairs.get(step);
    const difference: Difference =
      there === undefined
        ? { kind: 'only-here', message: 'only in this build' }
        : compareSteps({ step, there, changedBelow: changed.get(step.stage) }, records);
    if (difference.kind !== 'same' && hasOtherResult(step, there, records)) changed.set(step.stage, bracketOf(step));
    differences.set(step, difference);
  }
  const met = new Set(pairs.values());
  return { differences, gone: then.report.steps.filter((step) => !met.has(step)) };
}

type Likeness = (one: StoredStep, other: StoredStep) => boolean;

/** From the surest to the weakest; each takes what the ones before it have left. */
const LIKENESSES: readonly Likeness[] = [
  (one, other) => one.stage === other.stage && one.name === other.name,
  (one, other) => one.stage === other.stage && textOf(one) === textOf(other),
  (one, other) => one.record !== undefined && one.record.key === other.record?.key,
  (one, other) => one.kind === other.kind && one.stage === other.stage && indexOf(one) === indexOf(other),
  (one, other) => textOf(one) === textOf(other),
];

function pairSteps(now: readonly StoredStep[], then: readonly StoredStep[]): Map<StoredStep, StoredStep> {
  const pairs = new Map<StoredStep, StoredStep>();
  const free = new Set(then);
  for (const isAlike of LIKENESSES)
    for (const step of now) {
      if (pairs.has(step)) continue;
      const other = [...free].find((one) => isAlike(step, one));
      if (other === undefined) continue;
      pairs.set(step, other);
      free.delete(other);
    }
  return pairs;
}

interface Pair {
  readonly step: StoredStep;
  readonly there: StoredStep;
  readonly changedBelow: string | undefined;
}

function compareSteps({ step, there, changedBelow }: Pair, records: RecordReader): Difference {
  const { id, name, record, layer } = there;
  const other = {
    there: { id, name, ...(record === undefined ? {} : { record }), ...(layer === undefined ? {} : { layer }) },
  };
  if (step.record === undefined || record === undefined)
    return { kind: 'unknown', message: withoutRecord(step, there), ...other };
  if (step.record.key === record.key) return { ...sameKey(step, there), ...other };
  const [one, two] = [step, there].map((of) => recordOf(of, records));
  if (one === undefined || two === undefined)
    return { kind: 'unknown', message: 'its record is gone; what changed cannot be told any more', ...other };
  const material = asCopy(one.material, two.material);
  const earlier = { material: asCopy(two.material, one.material), explanation: two.explanation };
  const parts = compareKeys(material, earlier.material);
  if (parts.other.length === 0) return { kind: 'same', message: 'the same, on another base', ...parts, ...other };
  return {
    kind: 'other',
    reason: explainMiss({ material, explanation: one.explanation, earlier, changedBelow }),
    ...parts,
    ...other,
  };
}

/** A record that COPY was relinked by says what its result depends on of the base; the other one names the base. */
function asCopy(material: KeyMaterial, other: KeyMaterial): KeyMaterial {
  if (material.op === other.op || !material.op.startsWith('copy') || !other.op.startsWith('copy')) return material;
  const { facts: _, ...fields } = material.fields;
  return { ...material, op: 'copy', fields, inputs: [] };
}

function sameKey(step: StoredStep, there: StoredStep): Difference {
  if (step.layer === undefined || there.layer === undefined || step.layer.diffID === there.layer.diffID)
    return { kind: 'same', message: 'the same' };
  return { kind: 'other', reason: reason('no-cache', 'the same key, run again with another result') };
}

function withoutRecord(step: StoredStep, there: StoredStep): string {
  const [first] = [step, there].filter(({ record }) => record === undefined);
  if (first?.status === 'failed' || first?.status === 'cancelled')
    return `${first === step ? '' : 'there '}it ${first.status === 'failed' ? 'failed' : 'was not finished'}: it left no record`;
  return 'it has no record';
}

function recordOf({ record }: StoredStep, records: RecordReader): CacheRecord | undefined {
  if (record === undefined) return undefined;
  const all = records.lookup(record.key);
  return all.find(({ createdAt }) => createdAt === record.createdAt) ?? all[0];
}

/** What stands on the step sees a change only when its content is another. */
function hasOtherResult(step: StoredStep, there: StoredStep | undefined, records: RecordReader): boolean {
  if (there === undefined) return true;
  const [one, two] = [step, there].map((of) =>
    recordOf(of, records)
      ?.layers.map(({ contentID }) => contentID)
      .join(),
  );
  return one === undefined || one !== two || step.kind === 'FROM';
}

const BRACKET = /^\[[^\]]*\]/;

function bracketOf({ name }: StoredStep): string {
  return BRACKET.exec(name)?.[0] ?? 'a step';
}

function textOf({ name }: StoredStep): string {
  return name.replace(BRACKET, '').trim();
}

/** `3` of `[build 3/6]` */
function indexOf(step: StoredStep): string | undefined {
  return /(\d+)\/\d+\]$/.exec(bracketOf(step))?.[1];
}
