// node bench/first-run.mjs [--files 60000] [--megabytes 2000] [--runs 3]: a RUN on a base that was never used before, pulled from a
// registry on this machine. Prints the time from the last byte that the registry sent to the start of the RUN's process, and what the
// root had grown by in inodes; writes both into bench/README.md.

import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, loadavg, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { writeToReadme } from './figures.mjs';
import { addBigLayer, serveLayout, unpackLayout } from './oci-layout.mjs';
import { makeBases } from './peers.mjs';

const HERE = dirname(fileURLToPath(import.meta.url));
const CLI = join(dirname(HERE), 'dist/cli/tsbuild.cjs');
const { values } = parseArgs({
  options: {
    files: { type: 'string', default: '60000' },
    megabytes: { type: 'string', default: '2000' },
    runs: { type: 'string', default: '3' },
  },
});
const wanted = { files: Number(values.files), bytes: Number(values.megabytes) * 1e6 };

const dir = mkdtempSync(join(tmpdir(), 'tsbuild-first-run-'));
try {
  const [{ archive }] = await makeBases(dir, ['busybox']);
  const layout = unpackLayout(archive, join(dir, 'layout'));
  process.stderr.write(`making a layer of ${wanted.files} files, ${wanted.bytes / 1e6} MB …\n`);
  const layer = await addBigLayer(layout, wanted);
  const state = { lastByteMs: 0 };
  const onSent = (digest) => {
    if (digest === layer.digest) state.lastByteMs = uptimeMs();
  };
  const server = await serveLayout(layout, { onSent });
  const figures = [];
  for (let round = 0; round < Number(values.runs); round++)
    figures.push(await measure({ state, host: server.host }, round));
  server.close();
  save(figures, layer);
} finally {
  rmSync(dir, { recursive: true, force: true });
}

/** One build in a new root. The RUN tells when it began, on the clock since boot. */
async function measure({ state, host }, round) {
  const root = join(dir, `root-${round}`);
  const context = join(dir, `context-${round}`);
  mkdirSync(context);
  mkdirSync(root, { mode: 0o700 });
  writeFileSync(join(context, 'Dockerfile'), `FROM ${host}/big:1\nRUN echo began at $(cut -d' ' -f1 /proc/uptime)\n`);
  const inodes = inodesOf(root);
  const began = uptimeMs();
  const log = await run([CLI, '--root', root, '--progress', 'plain', '--network', 'host', context]);
  const runMs = Number(/began at ([\d.]+)\n/.exec(log)?.[1]) * 1000;
  const figure = {
    afterMs: runMs - state.lastByteMs,
    pullMs: state.lastByteMs - began,
    wallMs: uptimeMs() - began,
    inodes: inodesOf(root) - inodes,
    load: loadavg()[0],
  };
  process.stderr.write(`${JSON.stringify(figure)}\n`);
  rmSync(root, { recursive: true });
  return figure;
}

async function run(argv) {
  const child = spawn(process.execPath, argv, { stdio: ['ignore', 'pipe', 'pipe'] });
  let log = '';
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text) => (log += text));
  const code = await new Promise((done) => child.on('close', done));
  if (code !== 0) throw new Error(`tsbuild exited with ${code}\n${log}`);
  return log;
}

function uptimeMs() {
  return Number(readFileSync('/proc/uptime', 'utf8').split(' ')[0]) * 1000;
}

function inodesOf(root) {
  const { stdout } = spawnSync('du', ['--inodes', '-s', root], { encoding: 'utf8' });
  return Number(stdout.split('\t')[0]);
}

function save(figures, { size }) {
  const sorted = (name) => figures.map((figure) => figure[name]).sort((a, b) => a - b);
  const middle = (name) => sorted(name)[figures.length >> 1];
  const seconds = (name) => {
    const all = sorted(name).map((ms) => (ms / 1000).toFixed(2));
    return `${all[all.length >> 1]} (${all[0]} to ${all.at(-1)})`;
  };
  writeToReadme('first run', [
    `Measured ${new Date().toISOString().slice(0, 10)}: ${cpus().length} cores, Node ${process.version}; median (least to most) of ${figures.length}, load ${middle('load').toFixed(1)}.`,
    `A layer of ${wanted.files} files, ${wanted.bytes / 1e6} MB, ${Math.round(size / 1e6)} MB as the registry has it, on busybox.`,
    '',
    '| from | to | s |',
    '|---|---|---|',
    `| start of the build | last byte of the base | ${seconds('pullMs')} |`,
    `| last byte of the base | start of the RUN's process | ${seconds('afterMs')} |`,
    '',
    `The root grew by ${middle('inodes')} inodes.`,
  ]);
}
