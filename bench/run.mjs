// Usage: npm run bench -- [--work a,b] [--runs N] [--peers docker,buildah] [--dir DIR]
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { measured } from './measure.mjs';
import { buildahPeer, dockerPeer, tsbuildPeer } from './peers.mjs';
import { summary, table } from './report.mjs';
import { edit, freshContext, WORK } from './work.mjs';

const REPOSITORY = join(import.meta.dirname, '..');
const BUNDLE = join(REPOSITORY, 'dist/cli/tsbuild.mjs');
const MAKERS = { buildah: buildahPeer, docker: dockerPeer };

const { values } = parseArgs({
  options: {
    work: { type: 'string', default: Object.keys(WORK).join(',') },
    runs: { type: 'string', default: '3' },
    peers: { type: 'string', default: 'docker,buildah' },
    dir: { type: 'string', default: tmpdir() },
  },
});

const dir = mkdtempSync(join(values.dir, 'tsbuild-bench-'));
const opened = [];
for (const signal of ['SIGINT', 'SIGTERM'])
  process.once(signal, () => {
    cleanUp();
    process.exit(1);
  });
try {
  await main(Number(values.runs), values.work.split(','));
} finally {
  cleanUp();
}

function cleanUp() {
  for (const peer of opened) peer.close?.();
  rmSync(dir, { recursive: true, force: true });
}

async function main(runs, names) {
  const unknown = names.filter((name) => !(name in WORK));
  if (unknown.length > 0 || !(runs > 0)) throw new Error(`no such work or runs: ${unknown.join(', ')} ${runs}`);
  const peers = findPeers(values.peers.split(',').filter((name) => name !== ''));
  const cells = [];
  for (const name of names) cells.push(...(await benched(name, runs, peers)));
  const result = {
    date: new Date().toISOString().slice(0, 10),
    machine: `${cpus().length} cores, Node ${process.version}`,
    runs,
    load: summary(cells.flatMap((cell) => cell.runs.map((run) => run.load))),
    peers: peers.map(({ name, version, product }) => ({ name, version, product })),
    cells,
  };
  write(result);
}

/** The same base image for all: made by tsbuild, handed to the others as an OCI tarball. */
function findPeers(wanted) {
  const baseRoot = join(dir, 'base-root');
  const baseTar = join(dir, 'base.tar');
  const run = (command, args) => execFileSync(command, args, { stdio: ['ignore', 'ignore', 'inherit'] });
  run('bash', [join(REPOSITORY, 'scripts/make-bases.sh'), baseRoot, 'debian:bookworm-slim', 'node:20-bookworm-slim']);
  const base = join(dir, 'base');
  mkdirSync(base);
  writeFileSync(join(base, 'Dockerfile'), 'FROM node:20-bookworm-slim\nLABEL bench=base\n');
  run(process.execPath, [
    BUNDLE,
    '--root',
    baseRoot,
    '-t',
    'bench-base:latest',
    '-o',
    `type=oci,dest=${baseTar}`,
    base,
  ]);
  const others = wanted.flatMap((name) => {
    const peerDir = join(dir, name);
    mkdirSync(peerDir);
    const peer = MAKERS[name]?.(peerDir, { baseTar });
    if (peer === undefined) process.stderr.write(`bench: ${name} is not here or has no daemon: left out\n`);
    if (peer === undefined) return [];
    opened.push(peer);
    return [peer];
  });
  mkdirSync(join(dir, 'tsbuild'));
  return [tsbuildPeer(join(dir, 'tsbuild'), { bundle: BUNDLE, baseRoot }), ...others];
}

/** Each run: all peers in one state, then all in the next; who goes first changes from run to run. */
async function benched(name, runs, peers) {
  const context = join(dir, 'context');
  freshContext(context, name);
  const edits = WORK[name].edits;
  const states = ['cold', 'cached', ...Object.keys(edits)];
  const cells = states.flatMap((state) => peers.map((peer) => ({ work: name, state, peer: peer.name, runs: [] })));
  for (let run = 0; run < runs; run += 1) {
    const order = peers.map((_, i) => peers[(i + run) % peers.length]);
    for (const state of states) {
      if (edits[state] !== undefined) edit(context, edits[state], `${state} ${run}`);
      for (const peer of order) {
        if (state === 'cold') peer.cold();
        const figures = await measured(peer.build(context), peer.daemons);
        process.stderr.write(`${name} ${state} ${peer.name}: ${figures.seconds.toFixed(2)} s (load ${figures.load})\n`);
        cells.find((cell) => cell.state === state && cell.peer === peer.name).runs.push(figures);
      }
    }
  }
  return cells;
}

function write(result) {
  const text = table(result);
  mkdirSync(join(import.meta.dirname, 'results'), { recursive: true });
  writeFileSync(join(import.meta.dirname, `results/${result.date}.json`), `${JSON.stringify(result, null, 1)}\n`);
  const readme = join(import.meta.dirname, 'README.md');
  const [head] = readFileSync(readme, 'utf8').split('\n<!-- results -->\n');
  writeFileSync(readme, `${head.trimEnd()}\n\n<!-- results -->\n${text}`);
  process.stdout.write(text);
}
