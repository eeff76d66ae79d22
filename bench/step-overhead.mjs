// What a RUN of `true` in the middle of many costs beside `runc run` of runc's own spec, and of tsbuild's: node bench/step-overhead.mjs [--rounds N]
// Builds and plain runs take turns; figures are medians. Needs root, runc and a static busybox.

import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { median } from './figures.mjs';
import { takeOwnSpec } from './own-spec.mjs';

const STEPS = 60;
const REPOSITORY = dirname(dirname(fileURLToPath(import.meta.url)));

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { values } = parseArgs({ options: { rounds: { type: 'string', default: '5' } } });
  const { steps, ...floors } = await measureSteps(Number(values.rounds));
  for (const [round, step] of steps.entries()) {
    const text = Object.entries(floors).map(([name, floor]) => `${name} ${inMs(floor[round])}`);
    console.log(`step ${inMs(step)}, runc run: ${text.join(', ')}`);
  }
  for (const [name, floor] of Object.entries(floors)) {
    const ratio = median(steps.map((step, round) => step / (floor[round] ?? Number.NaN)));
    console.log(`${name}: median ratio ${ratio.toFixed(2)}`);
  }
}

/** @param {number | undefined} ms */
function inMs(ms = Number.NaN) {
  return `${ms.toFixed(1)} ms`;
}

/** @typedef {{ steps: number[], runcSpec: number[], ownSpec: number[] }} Steps */

/** Milliseconds of one, a median for each round. @param {number} rounds @returns {Promise<Steps>} */
export async function measureSteps(rounds) {
  const dir = mkdtempSync(join(tmpdir(), 'tsbuild-step-'));
  try {
    const rootfs = makeRootfs(join(dir, 'context', 'rootfs'));
    const bundle = makeBundle(join(dir, 'bundle'), rootfs);
    writeDockerfile(dir, 1);
    const own = await takeOwnSpec(dir, { rootfs, build: (runtime) => buildSteps(dir, ['--oci-runtime', runtime]) });
    writeDockerfile(dir, STEPS);
    try {
      return measureRounds(rounds, { dir, runcSpec: bundle, ownSpec: own.bundle });
    } finally {
      own.end();
    }
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

/** @param {number} rounds @param {{ dir: string, runcSpec: string, ownSpec: string }} what a directory and two bundles @returns {Steps} */
function measureRounds(rounds, { dir, runcSpec, ownSpec }) {
  /** @type {Steps} */
  const figures = { steps: [], runcSpec: [], ownSpec: [] };
  for (let round = 0; round < rounds; round++) {
    figures.steps.push(median(buildSteps(dir)));
    figures.runcSpec.push(median(plainRuns(runcSpec, `b${round}`)));
    figures.ownSpec.push(median(plainRuns(ownSpec, `o${round}`)));
  }
  return figures;
}

/** @param {string} dir @param {number} steps */
function writeDockerfile(dir, steps) {
  const lines = Array.from({ length: steps }, (_, index) => `RUN true ${index}`);
  writeFileSync(join(dir, 'context', 'Dockerfile'), ['FROM scratch', 'COPY rootfs /', ...lines, ''].join('\n'));
}

/** @param {string} path */
function makeRootfs(path) {
  mkdirSync(join(path, 'bin'), { recursive: true });
  for (const name of ['dev', 'proc', 'sys', 'etc', 'tmp']) mkdirSync(join(path, name));
  cpSync('/bin/busybox', join(path, 'bin/busybox'));
  for (const name of ['sh', 'true']) symlinkSync('busybox', join(path, 'bin', name));
  return path;
}

/** As `runc spec` has it, but for the terminal. @param {string} path @param {string} rootfs */
function makeBundle(path, rootfs) {
  mkdirSync(path);
  execFileSync('runc', ['spec', '--bundle', path]);
  const spec = JSON.parse(readFileSync(join(path, 'config.json'), 'utf8'));
  spec.process = { ...spec.process, terminal: false, args: ['/bin/sh', '-c', 'true'] };
  spec.root = { path: rootfs, readonly: false };
  writeFileSync(join(path, 'config.json'), JSON.stringify(spec));
  return path;
}

/** Durations of the RUNs in the middle third, in milliseconds. @param {string} dir @param {readonly string[]} [flags] */
function buildSteps(dir, flags = []) {
  const report = join(dir, 'report.json');
  const argv = ['--root', join(dir, 'root'), '--no-cache', '--report', report, '-o', 'type=cacheonly', '-q'];
  const cli = join(REPOSITORY, 'dist/cli/tsbuild.cjs');
  execFileSync(process.execPath, [cli, ...argv, ...flags, join(dir, 'context')], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const { steps } = JSON.parse(readFileSync(report, 'utf8'));
  const runs = steps.filter((/** @type {{ kind: string }} */ step) => step.kind === 'RUN');
  return runs.slice(STEPS / 3, (2 * STEPS) / 3).map((/** @type {{ durationMs: number }} */ step) => step.durationMs);
}

/** @param {string} bundle @param {string} name */
function plainRuns(bundle, name) {
  return Array.from({ length: 20 }, (_, index) => plainRun(bundle, `${name}-${index}`));
}

/** @param {string} bundle @param {string} id */
function plainRun(bundle, id) {
  const before = performance.now();
  const { status, stderr } = spawnSync('runc', ['run', '--bundle', bundle, id], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  if (status !== 0) throw new Error(`runc run failed: ${stderr.toString()}`);
  return performance.now() - before;
}
