// npm run bench -- [--work a,b] [--peers tsbuild,docker,buildah] [--runs N]: builds the same with each peer, in turns, and writes
// bench/results/DATE.json and the tables of bench/README.md.

import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, loadavg, release, tmpdir, totalmem } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { measure } from './measure.mjs';
import { makeBases, openPeers } from './peers.mjs';
import { tablesOf } from './table.mjs';
import { prepareWork, WORK } from './work.mjs';

const HERE = dirname(fileURLToPath(import.meta.url));
const { values } = parseArgs({
  options: {
    work: { type: 'string', default: Object.keys(WORK).join(',') },
    peers: { type: 'string', default: 'tsbuild,docker,docker-image,buildx,buildah' },
    runs: { type: 'string', default: '3' },
  },
});

const dir = mkdtempSync(join(tmpdir(), 'tsbuild-bench-'));
const names = values.work.split(',');
const bases = await makeBases(dir, [...new Set(['busybox', ...names.flatMap(baseOf)])]);
const peers = await openPeers(values.peers.split(','), { dir, bases });
try {
  const results = [];
  for (const name of names) results.push(await measureWork(name));
  save(results);
} finally {
  for (const peer of peers) peer.stop();
  rmSync(dir, { recursive: true, force: true });
}

/** @param {string} work */
function baseOf(work) {
  return WORK[work]?.base ?? 'busybox';
}

/** Cold, cached with the product in place and without it, and with a file touched; the peers take turns in each round. */
async function measureWork(name) {
  const { context, about, touch, otherTouches } = await prepareWork(name, dir);
  const touches = { touched: touch, ...otherTouches };
  const states = ['cold', 'cached', 'removed', ...Object.keys(touches)];
  const figures = Object.fromEntries(
    peers.map((peer) => [peer.name, Object.fromEntries(states.map((state) => [state, []]))]),
  );
  const starts = Object.fromEntries(states.map((state) => [state, []]));
  for (let round = 0; round < Number(values.runs); round++) {
    for (const peer of peers) peer.reset([baseOf(name)]);
    for (const state of states) {
      touches[state]?.(context, round);
      starts[state].push((await measure(`${process.execPath} -e 0`, { cwd: dir, disk: [] })).wallMs);
      for (const peer of peers) {
        const dest = join(dir, peer.name, 'out.tar');
        const { daemons, disk } = peer;
        if (state === 'removed') rmSync(dest, { force: true });
        const figure = await measure(peer.command(context, dest), { cwd: dir, daemons, disk });
        figures[peer.name][state].push({ ...figure, load: loadavg()[0] });
        process.stderr.write(`${name} ${state} ${peer.name}: ${(figure.wallMs / 1000).toFixed(2)} s\n`);
      }
    }
  }
  rmSync(context, { recursive: true });
  return { name, about, starts, figures };
}

function save(results) {
  const at = new Date().toISOString();
  const machine = { cpus: cpus().length, memory: totalmem(), kernel: release(), node: process.version };
  const about = peers.map(({ name, version, product, isBeside }) => ({ name, version, product, isBeside }));
  const dir = join(HERE, 'results');
  mkdirSync(dir, { recursive: true });
  const now = { at, machine, peers: about, results: results.map((one) => ({ ...one, at })) };
  const whole = withEarlier(now, lastOf(dir));
  writeFileSync(join(dir, `${at.slice(0, 10)}.json`), `${JSON.stringify(whole, null, 1)}\n`);
  const readme = join(HERE, 'README.md');
  const [before = ''] = readFileSync(readme, 'utf8').split('<!-- results -->');
  const tables = tablesOf({ ...whole, results: whole.results.map((one) => ({ ...one, aims: WORK[one.name]?.aims })) });
  writeFileSync(readme, `${before.trimEnd()}\n\n<!-- results -->\n${tables}`);
  process.stdout.write(tables);
}

/** What was measured last. @param {string} dir */
function lastOf(dir) {
  const last = readdirSync(dir)
    .filter((name) => /^\d{4}-\d\d-\d\d\.json$/.test(name))
    .sort()
    .at(-1);
  return last === undefined ? undefined : JSON.parse(readFileSync(join(dir, last), 'utf8'));
}

/** What was measured of other work stays, with its own date. */
function withEarlier(now, last) {
  if (last === undefined) return now;
  const isNew = (list, { name }) => !list.some((one) => one.name === name);
  return {
    ...now,
    peers: [...now.peers, ...last.peers.filter((one) => isNew(now.peers, one))],
    results: [...last.results.filter((one) => isNew(now.results, one)), ...now.results],
  };
}
