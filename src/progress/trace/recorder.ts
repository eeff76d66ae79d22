import type { BuildEvent, StepInfo } from '../events.ts';
import { nest } from './nest.ts';
import type { Sample, Slice, Trace, TraceClock } from './trace.ts';

type Told<T extends BuildEvent['type']> = Extract<BuildEvent, { type: T }>;

/** Phases that go on beside others: each is a slice of its own. */
const ALONE: ReadonlySet<string> = new Set(['start-worker', 'take-in', 'compress']);
/** Progress of a pull is told for every chunk. */
const SAMPLE_MS = 5;

/** Folds a build's events into its trace. Output of steps, and with it what might be secret, is left out. */
export class TraceRecorder {
  readonly #clock: TraceClock;
  /** From the start of the process to what events count from. */
  #offsetMs: number | undefined;
  #lastMs = 0;
  readonly #build: Slice = { name: 'build', kind: 'build', startMs: 0, endMs: 0, args: {}, children: [] };
  readonly #slices: Slice[] = [];
  readonly #infos = new Map<string, StepInfo>();
  /** The latest slice of each step and activity. */
  readonly #latest = new Map<string, Slice>();
  readonly #open = new Set<Slice>();
  readonly #samples: Sample[] = [];
  readonly #counts = { hits: 0, misses: 0 };
  readonly #pulls = new Map<string, number>();

  constructor(clock: TraceClock) {
    this.#clock = clock;
  }

  handle(event: BuildEvent): void {
    if ('atMs' in event) {
      this.#offsetMs ??= this.#clock.monotonicMs() - event.atMs;
      this.#lastMs = Math.max(this.#lastMs, event.atMs);
    }
    const handler = this.#handlers[event.type] as ((event: BuildEvent) => void) | undefined;
    handler?.(event);
  }

  /** Of all that was told so far; what has not ended ends now. */
  finish(): Trace {
    const endMs = this.#clock.monotonicMs();
    const offsetMs = this.#offsetMs ?? endMs;
    for (const slice of [...this.#open]) this.#close(slice, endMs - offsetMs);
    this.#build.endMs = endMs;
    const { children } = this.#build;
    children.push(
      phase({ name: 'start', startMs: 0, endMs: offsetMs }),
      phase({ name: 'end', startMs: offsetMs + this.#lastMs, endMs }),
    );
    for (const slice of [this.#build, ...this.#slices]) slice.children = nest(slice);
    return {
      startedAtMs: this.#clock.nowMs() - endMs,
      build: this.#build,
      slices: this.#slices,
      samples: this.#samples,
    };
  }

  readonly #handlers: { readonly [T in BuildEvent['type']]?: (event: Told<T>) => void } = {
    'steps-planned': ({ steps }) => {
      for (const info of steps) this.#infos.set(info.id, info);
    },
    'step-started': ({ id, atMs }) => {
      const info = this.#infos.get(id);
      this.#begin(id, { name: info?.name ?? id, kind: 'step', atMs, args: info === undefined ? {} : argsOf(info) });
    },
    'step-missed': ({ id, atMs, reason }) => {
      Object.assign(this.#latest.get(id)?.args ?? {}, { status: 'miss', reason: reason.message });
      this.#count('misses', atMs);
    },
    'step-hit': ({ id, atMs, reason, savedMs, layer }) => {
      const size = layer === undefined ? {} : { layerBytes: layer.size };
      this.#end(id, atMs, { status: 'hit', reason: reason.message, savedMs, ...size });
      if (this.#infos.get(id)?.isStep === true) this.#count('hits', atMs);
    },
    'step-done': ({ id, atMs, layer, usage }) =>
      this.#end(id, atMs, { ...usage, ...(layer === undefined ? {} : { layerBytes: layer.size }) }),
    'step-failed': ({ id, atMs, message }) => this.#end(id, atMs, { status: 'failed', error: message }),
    'step-cancelled': ({ id, atMs }) => this.#end(id, atMs, { status: 'cancelled' }),
    'activity-started': ({ id, name, atMs }) => this.#begin(id, { name, kind: 'activity', atMs, args: {} }),
    'activity-progress': ({ id, done, atMs }) => this.#progress(id, done, atMs),
    'activity-done': ({ id, atMs, error }) => this.#end(id, atMs, error === undefined ? {} : { error }),
    phase: (event) => this.#phase(event),
    'build-done': ({ result }) => {
      this.#build.args['result'] = result;
    },
  };

  #begin(id: string, { name, kind, atMs, args }: Pick<Slice, 'name' | 'kind' | 'args'> & { atMs: number }): void {
    const before = this.#latest.get(id);
    if (before !== undefined) this.#close(before, atMs);
    const startMs = this.#at(atMs);
    const slice: Slice = { name, kind, startMs, endMs: startMs, args, children: [] };
    this.#latest.set(id, slice);
    this.#open.add(slice);
    this.#slices.push(slice);
  }

  #end(id: string, atMs: number, { error, ...args }: Slice['args'] & { error?: string }): void {
    const slice = this.#latest.get(id);
    if (slice === undefined) return;
    Object.assign(slice.args, args);
    if (error !== undefined) slice.error = error;
    this.#close(slice, atMs);
  }

  #close(slice: Slice, atMs: number): void {
    if (this.#open.delete(slice)) slice.endMs = Math.max(slice.startMs, this.#at(atMs));
  }

  #phase({ name, startedMs, atMs, of, item }: Told<'phase'>): void {
    const args = item === undefined ? {} : { item };
    const startMs = Math.max(0, this.#at(startedMs));
    const slice = phase({ name, startMs, endMs: Math.max(startMs, this.#at(atMs)) }, args);
    if (ALONE.has(name)) this.#slices.push(slice);
    else (of === undefined ? this.#build : this.#latest.get(of))?.children.push(slice);
  }

  #progress(id: string, done: number, atMs: number): void {
    if (!id.startsWith('pull ')) return;
    this.#pulls.set(id, done);
    let value = 0;
    for (const bytes of this.#pulls.values()) value += bytes;
    const last = this.#samples.at(-1);
    const isNow = last?.name === 'pulled bytes' && this.#at(atMs) - last.atMs < SAMPLE_MS;
    if (isNow) this.#samples.pop();
    this.#samples.push({ name: 'pulled bytes', atMs: isNow ? last.atMs : this.#at(atMs), value });
  }

  #count(name: 'hits' | 'misses', atMs: number): void {
    this.#counts[name] += 1;
    this.#samples.push({ name, atMs: this.#at(atMs), value: this.#counts[name] });
  }

  #at(eventMs: number): number {
    return (this.#offsetMs ?? 0) + eventMs;
  }
}

function phase(stretch: Pick<Slice, 'name' | 'startMs' | 'endMs'>, args: Slice['args'] = {}): Slice {
  return { ...stretch, kind: 'phase', args, children: [] };
}

function argsOf({ id, stage, kind, file, line }: StepInfo): Slice['args'] {
  return { id, stage, instruction: kind, file, line };
}
