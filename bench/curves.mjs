// npm run bench:curves -- [--curves files,steps,stages,layers] [--rounds N] [--most N] [--continue]: time and peak memory of tsbuild as the work
// grows, cold and cached. Fits time ~ n^e over the upper points; writes bench/results/curves-DATE.json after each point, bench/README.md after each
// curve. --continue keeps what today's results have.

import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { CURVES } from './curve-work.mjs';
import { aboutMeasuring, markdownTable, median, resultsFile, writeResults, writeToReadme } from './figures.mjs';
import { measure } from './measure.mjs';
import { makeBases } from './peers.mjs';
import { settle } from './settle.mjs';

const CLI = join(dirname(dirname(fileURLToPath(import.meta.url))), 'dist/cli/tsbuild.cjs');
/** Below, the time is that of starting. */
const UPPER_POINTS = 3;
const STATES = /** @type {const} */ (['cold', 'cached']);
const { values } = parseArgs({
  options: {
    curves: { type: 'string', default: Object.keys(CURVES).join(',') },
    rounds: { type: 'string', default: '3' },
    most: { type: 'string', default: 'Infinity' },
    continue: { type: 'boolean', default: false },
    'dry-run': { type: 'boolean', default: false },
  },
});

/** @typedef {{ wallMs: number, cpuMs: number, peakBytes: number }} Figure */
/** @typedef {{ count: number, cold: Figure[], cached: Figure[] }} Point */
/** @typedef {{ loads: number[], rounds: number, results: { [name: string]: Point[] } }} Kept */

const rounds = Number(values.rounds);
const names = values.curves.split(',');
for (const name of names)
  if (!Object.hasOwn(CURVES, name)) throw new Error(`no curve ${name}; there are ${Object.keys(CURVES).join(', ')}`);
const file = resultsFile('curves');
const { loads, results } = kept();

const dir = mkdtempSync(join(tmpdir(), 'tsbuild-curves-'));
try {
  await makeBases(dir, ['busybox']);
  for (const name of names) {
    await measureCurve(name);
    show();
  }
} finally {
  rmSync(dir, { recursive: true, force: true });
}

/** What today's results have of these rounds. @returns {Kept} */
function kept() {
  const none = { loads: [], rounds, results: {} };
  if (!values.continue || !existsSync(file)) return none;
  /** @type {Kept} */
  const before = JSON.parse(readFileSync(file, 'utf8'));
  if (before.rounds !== rounds) throw new Error(`${file} is of --rounds ${before.rounds}`);
  return before;
}

/** Each point that there is no figure of. @param {string} name */
async function measureCurve(name) {
  const curve = CURVES[name];
  const points = results[name] ?? [];
  results[name] = points;
  const measured = new Set(points.map(({ count }) => count));
  for (const count of curve?.points ?? []) {
    if (count > Number(values.most) || measured.has(count)) continue;
    const context = join(dir, 'context');
    mkdirSync(context);
    curve?.prepare(context, count);
    await settle();
    /** @type {Point} */
    const point = { count, cold: [], cached: [] };
    for (let round = 0; round < rounds; round++) await measurePoint(context, point);
    rmSync(context, { recursive: true });
    points.push(point);
    points.sort((one, other) => one.count - other.count);
    process.stderr.write(`${name} ${row(point).join(' ')}\n`);
    if (!values['dry-run']) writeResults(file, { loads, rounds, results });
  }
}

/** A build in a root that has nothing but the base, then the same again. @param {string} context @param {Point} point */
async function measurePoint(context, point) {
  const root = join(dir, 'root');
  cpSync(join(dir, 'base-root'), root, { recursive: true });
  const output = `type=oci,dest=${join(dir, 'out.tar')}`;
  const command = `${process.execPath} ${CLI} --root ${root} --network host --progress quiet -o ${output} ${context}`;
  for (const state of STATES) {
    point[state].push(await measure(command, { cwd: dir, disk: [] }));
    loads.push(loadavg()[0] ?? 0);
  }
  rmSync(root, { recursive: true });
}

/** @param {Point} point */
function row({ count, cold, cached }) {
  const seconds = (/** @type {Figure[]} */ all) => (median(all.map(({ wallMs }) => wallMs)) / 1000).toFixed(2);
  const cpu = (/** @type {Figure[]} */ all) => (median(all.map(({ cpuMs }) => cpuMs)) / 1000).toFixed(2);
  const memory = (/** @type {Figure[]} */ all) => (median(all.map(({ peakBytes }) => peakBytes)) / 1e6).toFixed(0);
  return [String(count), ...[seconds, cpu, memory].flatMap((figure) => [figure(cold), figure(cached)])];
}

/** The slope of log time over log count, by least squares. @param {readonly Point[]} points @param {(point: Point) => number} timeOf */
function exponent(points, timeOf) {
  const upper = points.slice(-UPPER_POINTS);
  const xs = upper.map(({ count }) => Math.log(count));
  const ys = upper.map((point) => Math.log(timeOf(point)));
  const [x, y] = [mean(xs), mean(ys)];
  const above = xs.reduce((sum, each, at) => sum + (each - x) * ((ys[at] ?? 0) - y), 0);
  return above / xs.reduce((sum, each) => sum + (each - x) ** 2, 0);
}

/** @param {readonly number[]} numbers */
function mean(numbers) {
  return numbers.reduce((sum, each) => sum + each, 0) / numbers.length;
}

/** The tables of all that was measured. */
function show() {
  const lines = [
    `${aboutMeasuring(loads)} ${rounds === 1 ? 'One round' : `Medians of ${rounds}`}.`,
    `Exponent: e of time ~ n^e, over the ${UPPER_POINTS} upper points. Memory: the most that all processes held at once.`,
  ];
  for (const [name, points] of Object.entries(results)) {
    const head = ['n', 'cold s', 'cached s', 'cold CPU s', 'cached CPU s', 'cold MB', 'cached MB'];
    const fitted = (/** @type {'wallMs' | 'cpuMs'} */ time) =>
      STATES.map((state) => exponent(points, (point) => median(point[state].map((figure) => figure[time]))).toFixed(2));
    const last = ['exponent', ...fitted('wallMs'), ...fitted('cpuMs'), '', ''];
    lines.push('', `**${name}**: ${CURVES[name]?.about}.`, '', ...markdownTable(head, [...points.map(row), last]));
  }
  if (values['dry-run']) return void process.stdout.write(`${lines.join('\n')}\n`);
  writeToReadme('curves', lines);
}
