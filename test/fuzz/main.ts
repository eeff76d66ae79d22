// npm run fuzz -- --seconds N [--seed N]: texts made and mutated. npm run fuzz -- --hostile: time over size.
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { BuildError } from '../../src/errors.ts';
import { parseDockerfile } from '../../src/frontend/index.ts';
import { SHAPES } from './hostile.ts';
import { frontend, inspect } from './inspect.ts';
import { madeText, makeRandom, mutated } from './texts.ts';

const CORPUS = 'fixtures/fuzz';
const BROKEN = 'fixtures/broken';
const SLOW_MS = 2000;
const MEGABYTE = 1_000_000;
const MAX_MS = 3000;
const MAX_RATIO = 2.3;
/** Below it a time is noise. */
const NOISE_MS = 150;

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '30' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    hostile: { type: 'boolean', default: false },
    only: { type: 'string', default: '' },
  },
});
process.exitCode = (values.hostile ? await hostile(values.only) : await fuzz()) ? 0 : 1;

async function fuzz(): Promise<boolean> {
  const random = makeRandom(Number(values.seed));
  const corpus = readCorpus();
  const end = performance.now() + Number(values.seconds) * 1000;
  const findings = new Set<string>();
  let executions = 0;
  while (performance.now() < end) {
    const pick = (): string => corpus[random(corpus.length)] ?? '';
    const text =
      random(3) === 0 ? madeText(random) : mutated(pick(), random(2) === 0 ? pick() : madeText(random), random);
    executions++;
    const problem = await timed(text);
    if (problem === undefined || findings.has(kindOf(problem))) continue;
    findings.add(kindOf(problem));
    const small = await minimised(text, kindOf(problem));
    const file = join(CORPUS, `found-${values.seed}-${findings.size}.Dockerfile`);
    mkdirSync(CORPUS, { recursive: true });
    writeFileSync(file, small);
    console.log(`${problem}\n  kept as ${file}`);
  }
  console.log(
    `${executions} executions, ${findings.size} findings (seed ${values.seed}, ${corpus.length} texts of the corpus)`,
  );
  return findings.size === 0;
}

function readCorpus(): readonly string[] {
  const broken = readdirSync(BROKEN, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  const files = [
    ...readdirSync(CORPUS).map((name) => join(CORPUS, name)),
    ...broken.map(({ name }) => join(BROKEN, name, 'Dockerfile')),
  ];
  return files.map((file) => readFileSync(file, 'utf8'));
}

async function timed(text: string): Promise<string | undefined> {
  const start = performance.now();
  const problem = await inspect(text);
  const ms = performance.now() - start;
  return problem ?? (ms > SLOW_MS ? `slow: ${Math.round(ms)} ms for ${text.length} characters` : undefined);
}

/** What a problem is about, without its values. */
function kindOf(problem: string): string {
  return problem.replace(/[^a-zA-Z: ].*/s, '');
}

/** Ever smaller pieces are left out as long as the same kind of problem stays. */
async function minimised(text: string, kind: string): Promise<string> {
  let small = text;
  for (let size = small.length >> 1; size >= 1; size >>= 1) {
    for (let at = 0; at < small.length; ) {
      const shorter = small.slice(0, at) + small.slice(at + size);
      const problem = await timed(shorter);
      if (problem !== undefined && kindOf(problem) === kind) small = shorter;
      else at += size;
    }
  }
  return small;
}

async function hostile(only: string): Promise<boolean> {
  let isGood = true;
  console.log('shape                           parse 0.5 / 1 / 2 MB            with lowering and checks (ms)');
  for (const [name, make] of Object.entries(SHAPES).filter(([name]) => name.includes(only))) {
    const parse = await times(make, (text) => parseDockerfile(text, { file: 'Dockerfile' }));
    const whole = await times(make, outcome);
    const bad = [...verdict(parse), ...verdict(whole)];
    isGood &&= bad.length === 0;
    console.log(`${name.padEnd(30)}  ${shown(parse).padEnd(30)}  ${shown(whole).padEnd(30)} ${bad.join(', ')}`);
  }
  return isGood;
}

async function outcome(text: string): Promise<void> {
  try {
    await frontend(text);
  } catch (error) {
    if (!(error instanceof BuildError)) throw error;
  }
}

/** The median of three, at each size; of processor time, for others may be busy on the machine. */
async function times(make: (bytes: number) => string, run: (text: string) => unknown): Promise<readonly number[]> {
  const medians: number[] = [];
  for (const size of [0.5, 1, 2]) {
    const text = make(size * MEGABYTE);
    const runs: number[] = [];
    for (let count = 0; count < 3 && (runs[0] ?? 0) < 2 * MAX_MS; count++) {
      const start = process.cpuUsage();
      await run(text);
      const { user, system } = process.cpuUsage(start);
      runs.push((user + system) / 1000);
    }
    medians.push(runs.sort((a, b) => a - b)[runs.length >> 1] ?? 0);
    if ((runs[0] ?? 0) > 10 * MAX_MS) break;
  }
  return medians;
}

function verdict([
  half = 0,
  one = Number.POSITIVE_INFINITY,
  two = Number.POSITIVE_INFINITY,
]: readonly number[]): string[] {
  const isSteep = (small: number, big: number): boolean => big > NOISE_MS && big / small > MAX_RATIO;
  return [...(one > MAX_MS ? ['SLOW'] : []), ...(isSteep(half, one) || isSteep(one, two) ? ['STEEP'] : [])];
}

function shown(times: readonly number[]): string {
  return times.map((ms) => ms.toFixed(0)).join(' / ');
}
