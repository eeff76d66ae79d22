import { BuildError } from '../../errors.ts';
import { byteSize, positiveInteger } from '../values.ts';

/** What `--resource` limits a RUN to; the last of a name counts. */
export interface Resources {
  readonly memoryBytes?: number | undefined;
  readonly cpus?: number | undefined;
}

const DEFAULT_PERIOD_US = 100_000;
const LIMITING = new Set(['memory', 'cpu-period', 'cpu-quota']);
const WITHOUT_EFFECT = new Set(['memory-swap', 'cpu-shares', 'cpuset-cpus', 'cpuset-mems']);

/** @throws BuildError usage */
export function resourcesOf(words: readonly string[]): Resources {
  const given = new Map(words.map(pairOf));
  const memory = given.get('memory');
  const quota = given.get('cpu-quota');
  const period = given.get('cpu-period');
  const periodUs = period === undefined ? DEFAULT_PERIOD_US : positiveInteger('--resource cpu-period', period);
  return {
    memoryBytes: memory === undefined ? undefined : byteSize('--resource memory', memory),
    cpus: quota === undefined ? undefined : positiveInteger('--resource cpu-quota', quota) / periodUs,
  };
}

/** A line for each that has no effect. */
export function resourceNotes(words: readonly string[]): readonly string[] {
  const names = new Set(words.map((word) => pairOf(word)[0]));
  return [...names]
    .filter((name) => WITHOUT_EFFECT.has(name))
    .map((name) => `--resource ${name} has no effect: a RUN is limited by memory, cpu-quota and cpu-period`);
}

function pairOf(word: string): readonly [string, string] {
  const [name = '', ...value] = word.split('=');
  if (value.length > 0 && (LIMITING.has(name) || WITHOUT_EFFECT.has(name))) return [name, value.join('=')];
  throw new BuildError('usage', `--resource ${JSON.stringify(word)} is not understood`, {
    hint: `it takes NAME=VALUE, with ${[...LIMITING, ...WITHOUT_EFFECT].join(', ')}`,
  });
}
