// npm run bench:curves -- [--curves files,steps,stages,layers] [--rounds N] [--most N]: time and peak memory of tsbuild as the work grows, cold
// and cached. Fits time ~ n^e over the upper points; writes bench/README.md and bench/results/curves-DATE.json.

import { cpSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { CURVES } from './curve-work.mjs';
import { aboutMeasuring, markdownTable, median, writeResults, writeToReadme } from './figures.mjs';
import { measure } from './measure.mjs';
import { makeBases } from './peers.mjs';

const CLI = join(dirname(dirname(fileURLToPath(import.meta.url))), 'dist/cli/tsbuild.mjs');
/** Below, the time is that of starting. */
const UPPER_POINTS = 3;
const STATES = /** @type {const} */ (['cold', 'cached']);
const { values } = parseArgs({
  options: {
    curves: { type: 'string', default: Object.keys(CURVES).join(',') },
    rounds: { type: 'string', default: '3' },
    most: { type: 'string', default: 'Infinity' },
    'dry-run': { type: 'boolean', default: false },
  },
});

/** @typedef {{ wallMs: number, cpuMs: number, peakBytes: number }} Figure */
/** @typedef {{ count: number, cold: Figure[], cached: Figure[] }} Point */

const dir = mkdtempSync(join(tmpdir(), 'tsbuild-curves-'));
/** @type {number[]} */
const loads = [];
try {
  await makeBases(dir, ['busybox']);
  /** @type {{ [name: string]: Point[] }} */
  const results = {};
  for (const name of values.curves.split(',')) results[name] = await measureCurve(name);
  save(results);
} finally {
  rmSync(dir, { recursive: true, force: true });
}

/** @param {string} name */
async function measureCurve(name) {
  const curve = CURVES[name];
  if (curve === undefined) throw new Error(`no curve ${name}; there are ${Object.keys(CURVES).join(', ')}`);
  const points = [];
  for (const count of curve.points.filter((one) => one <= Number(values.most))) {
    const context = join(dir, 'context');
    mkdirSync(context);
    curve.prepare(context, count);
    /** @type {Point} */
    const point = { count, cold: [], cached: [] };
    for (let round = 0; round < Number(values.rounds); round++) await measurePoint(context, point);
    rmSync(context, { recursive: true });
    points.push(point);
    process.stderr.write(`${name} ${row(point).join(' ')}\n`);
  }
  return points;
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

/** @param {{ [name: string]: Point[] }} results */
function save(results) {
  const rounds = values.rounds === '1' ? 'one round' : `medians of ${values.rounds}`;
  const lines = [
    `${aboutMeasuring(loads)} ${rounds[0]?.toUpperCase()}${rounds.slice(1)}.`,
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
  writeResults('curves', { loads, rounds: Number(values.rounds), results });
  writeToReadme('curves', lines);
}
