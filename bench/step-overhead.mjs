// What a RUN of `true` in the middle of many costs beside `runc run` of the same: node bench/step-overhead.mjs [--rounds N]
// Builds and plain runs take turns; figures are medians. Needs root, runc and a static busybox.

import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { median } from './figures.mjs';

const STEPS = 60;
const REPOSITORY = dirname(dirname(fileURLToPath(import.meta.url)));

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { values } = parseArgs({ options: { rounds: { type: 'string', default: '5' } } });
  const { steps, plain } = measureSteps(Number(values.rounds));
  const ratios = steps.map((step, round) => step / (plain[round] ?? Number.NaN));
  for (const [round, ratio] of ratios.entries())
    console.log(
      `step ${steps[round]?.toFixed(1)} ms, runc run ${plain[round]?.toFixed(1)} ms, ratio ${ratio.toFixed(2)}`,
    );
  console.log(`median ratio ${median(ratios).toFixed(2)}`);
}

/** Milliseconds of one, a median for each round. @param {number} rounds @returns {{ steps: number[], plain: number[] }} */
export function measureSteps(rounds) {
  const dir = mkdtempSync(join(tmpdir(), 'tsbuild-step-'));
  try {
    const rootfs = makeRootfs(join(dir, 'context', 'rootfs'));
    const bundle = makeBundle(join(dir, 'bundle'), rootfs);
    const lines = Array.from({ length: STEPS }, (_, index) => `RUN true ${index}`);
    writeFileSync(join(dir, 'context', 'Dockerfile'), ['FROM scratch', 'COPY rootfs /', ...lines, ''].join('\n'));
    /** @type {{ steps: number[], plain: number[] }} */
    const figures = { steps: [], plain: [] };
    for (let round = 0; round < rounds; round++) {
      figures.steps.push(median(buildSteps(dir)));
      figures.plain.push(median(Array.from({ length: 20 }, (_, index) => plainRun(bundle, `b${round}-${index}`))));
    }
    return figures;
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
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

/** Durations of the RUNs in the middle third, in milliseconds. @param {string} dir */
function buildSteps(dir) {
  const report = join(dir, 'report.json');
  const argv = ['--root', join(dir, 'root'), '--no-cache', '--report', report, '-o', 'type=cacheonly', '-q'];
  const cli = join(REPOSITORY, 'dist/cli/tsbuild.mjs');
  execFileSync(process.execPath, [cli, ...argv, join(dir, 'context')], { stdio: ['ignore', 'ignore', 'inherit'] });
  const { steps } = JSON.parse(readFileSync(report, 'utf8'));
  const runs = steps.filter((/** @type {{ kind: string }} */ step) => step.kind === 'RUN');
  return runs.slice(STEPS / 3, (2 * STEPS) / 3).map((/** @type {{ durationMs: number }} */ step) => step.durationMs);
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
