import type { LimitFunction } from 'p-limit';
import type { CacheRecord } from '../../cache/index.ts';
import type { Origin, Vertex } from '../graph/index.ts';
import type { RecordSummary } from '../progress/index.ts';
import type { Solved, SolveOptions } from './options.ts';
import type { StepContext } from './runner.ts';

export interface StepOutcome extends Solved {
  readonly vertex: Vertex;
  readonly status: 'hit' | 'ran' | 'given';
  readonly record?: RecordSummary;
  /** Ran, and gave what it gave before. */
  readonly isCutOff?: boolean;
  /** `[build 5/6]`: the nearest step at or below this one that ran and gave something else. */
  readonly changed: string | undefined;
  /** The image that the stack stands on. */
  readonly base: CacheRecord['explanation']['base'] | undefined;
}

/** What a step tells of itself; the rest follows from its inputs. */
export type OwnOutcome = Omit<StepOutcome, 'changed' | 'base'>;

export function outcomeOf(own: OwnOutcome, [below]: readonly StepOutcome[]): StepOutcome {
  const { op, origin } = own.vertex;
  const isOther = own.status === 'ran' && own.isCutOff !== true;
  return {
    ...own,
    changed: isOther ? (bracketOf(origin) ?? 'a step') : below?.changed,
    base: op.kind === 'image' ? { name: op.name, manifest: op.manifest } : below?.base,
  };
}

/** `[build 5/6]` */
export function bracketOf({ name }: Origin): string | undefined {
  return /^\[[^\]]*\]/.exec(name)?.[0];
}

export interface StepOptions extends SolveOptions {
  readonly limit: LimitFunction;
  /** Keys that steps of this very solve hit or made: they explain no other step's miss. */
  readonly taken: Set<CacheRecord['key']>;
  /** Of every stage's steps. */
  readonly texts: ReadonlyMap<string, readonly string[]>;
}

export interface Step {
  readonly vertex: Vertex;
  readonly inputs: readonly StepOutcome[];
  readonly options: StepOptions;
  readonly id: string;
  /** Filled by the step itself. */
  readonly log: { logFile?: string };
  readonly timed: StepContext['timed'];
}
