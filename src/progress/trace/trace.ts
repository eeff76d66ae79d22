/** A stretch of a build's time. Children lie inside of it, and follow or hold each other. */
export interface Slice {
  readonly name: string;
  /** Milliseconds since the process began. */
  readonly startMs: number;
  endMs: number;
  readonly kind: 'build' | 'step' | 'activity' | 'phase';
  readonly args: Record<string, string | number | boolean>;
  children: Slice[];
  error?: string;
}

export interface Sample {
  readonly name: 'hits' | 'misses' | 'pulled bytes';
  readonly atMs: number;
  readonly value: number;
}

export interface Trace {
  /** When the process began, in milliseconds since the epoch. */
  readonly startedAtMs: number;
  /** From the start of the process to its end. */
  readonly build: Slice;
  /** Steps, activities, and phases that go on beside them; any number at a time. */
  readonly slices: readonly Slice[];
  readonly samples: readonly Sample[];
}

export interface TraceClock {
  readonly nowMs: () => number;
  /** Since the process began. */
  readonly monotonicMs: () => number;
}
