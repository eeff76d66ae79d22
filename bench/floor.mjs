// npm run bench:floor -- [--rounds N]: tsbuild against what nothing can do without: a cached build against the start of Node, COPY against
// `tar c | pigz`, RUN against runc. They take turns; writes bench/README.md. Needs root, runc, pigz and a static busybox.

import { spawnSync } from 'node:child_process';
import { lstatSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { ALLOWED_MS, aboutMeasuring, markdownTable, median, spread, writeToReadme } from './figures.mjs';
import { measure } from './measure.mjs';
import { makeBases, openPeers } from './peers.mjs';
import { measureSteps } from './step-overhead.mjs';
import { prepareWork } from './work.mjs';

const { values } = parseArgs({ options: { rounds: { type: 'string', default: '5' } } });
const rounds = Number(values.rounds);

/** @typedef {{ what: string, own: number[], floor: number[], ofFloor: string, most: number }} Row */

if (spawnSync('pigz', ['--version']).status !== 0) throw new Error('pigz is not installed: apt-get install -y pigz');
const dir = mkdtempSync(join(tmpdir(), 'tsbuild-floor-'));
/** @type {number[]} */
const loads = [];
/** @type {Row[]} */
const rows = [];
try {
  const bases = await makeBases(dir, ['busybox', 'node:20-bookworm-slim']);
  const [peer] = await openPeers(['tsbuild'], { dir, bases });
  rows.push(await cachedBuild(peer));
  for (const name of ['many-files', 'big-file']) rows.push(await copyToTarball(peer, name));
  rows.push(...(await runs()));
  save();
} finally {
  rmSync(dir, { recursive: true, force: true });
}

/** @param {import('./peers.mjs').Peer} peer @returns {Promise<Row>} */
async function cachedBuild(peer) {
  const { context } = await prepareWork('node-app', dir);
  const build = peer.command(context, join(dir, 'out.tar'));
  peer.reset(['node:20-bookworm-slim']);
  await wallMs(build);
  const [own, floor] = [[], []];
  for (let round = 0; round < rounds; round++) {
    own.push(await wallMs(build));
    floor.push((await wallMs(`${process.execPath} -e 0`)) + ALLOWED_MS + statsMs(context));
  }
  return {
    what: 'node-app, cached',
    own,
    floor,
    ofFloor: `\`node -e 0\` + ${ALLOWED_MS} ms + stats of the context`,
    most: 1,
  };
}

/** @param {import('./peers.mjs').Peer} peer @param {string} name @returns {Promise<Row>} */
async function copyToTarball(peer, name) {
  const { context } = await prepareWork(name, dir);
  const [own, floor] = [[], []];
  for (let round = 0; round < rounds; round++) {
    peer.reset(['busybox']);
    own.push(await wallMs(peer.command(context, join(dir, 'out.tar'))));
    floor.push(await wallMs(`tar c -C ${context} . | pigz > ${join(dir, 'floor.tar.gz')}`));
  }
  rmSync(context, { recursive: true });
  return { what: `${name}, cold: COPY to tarball`, own, floor, ofFloor: '`tar c`, piped to `pigz`', most: 1.3 };
}

/** @returns {Promise<Row[]>} */
async function runs() {
  const { steps, runcSpec, ownSpec } = await measureSteps(rounds);
  loads.push(loadavg()[0] ?? 0);
  const row = { what: 'RUN true, in the middle of 60', own: steps, most: 1.5 };
  return [
    { ...row, floor: runcSpec, ofFloor: '`runc run` of what `runc spec` writes' },
    { ...row, floor: ownSpec, ofFloor: '`runc run` of the spec of the RUN' },
  ];
}

/** @param {string} command */
async function wallMs(command) {
  const { wallMs } = await measure(command, { cwd: dir, disk: [] });
  loads.push(loadavg()[0] ?? 0);
  return wallMs;
}

/** @param {string} context */
function statsMs(context) {
  const startedMs = performance.now();
  for (const name of readdirSync(context, { recursive: true })) lstatSync(join(context, String(name)));
  return performance.now() - startedMs;
}

function save() {
  const table = rows.map(({ what, own, floor, ofFloor, most }) => {
    const ratio = median(own.map((ms, round) => ms / (floor[round] ?? Number.NaN)));
    const seconds = (/** @type {number[]} */ all) =>
      spread(
        all.map((ms) => ms / 1000),
        3,
      );
    return [what, seconds(own), ofFloor, seconds(floor), ratio.toFixed(2), String(most)];
  });
  writeToReadme('floors', [
    `${aboutMeasuring(loads)} Median (least to most) of ${rounds}; ratios pair by pair.`,
    '',
    ...markdownTable(['work', 'tsbuild s', 'floor', 's', 'ratio', 'aim'], table),
  ]);
}
