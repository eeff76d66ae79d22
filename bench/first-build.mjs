// npm run bench:first-build -- [--peers tsbuild,docker,buildx,buildah] [--runs N]: the first build ever on a machine: FROM node:20-bookworm-slim, RUN true.
// The base comes from a registry on this machine, or lies there as a compressed tarball; getting it is in the figures. Writes bench/README.md.

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { aboutMeasuring, markdownTable, median, spread, writeToReadme } from './figures.mjs';
import { measure } from './measure.mjs';
import { serveLayout, unpackLayout } from './oci-layout.mjs';
import { makeBases, openPeers } from './peers.mjs';

const BASE = 'node:20-bookworm-slim';
const { values } = parseArgs({
  options: {
    peers: { type: 'string', default: 'tsbuild,docker,buildx,buildah' },
    runs: { type: 'string', default: '3' },
  },
});

const dir = mkdtempSync(join(tmpdir(), 'tsbuild-first-build-'));
/** @type {import('./peers.mjs').Peer[]} */
let peers = [];
/** @type {number[]} */
const loads = [];
try {
  const [{ archive }] = await makeBases(dir, [BASE]);
  peers = await openPeers(values.peers.split(','), { dir, bases: [] });
  const registry = await serveLayout(unpackLayout(archive, join(dir, 'layout')));
  const from = contextOf('registry', `${registry.host}/node:20`);
  const local = contextOf('tarball', BASE);
  const lines = [
    ...(await measured('registry', (peer, dest) => peer.command(from, dest))),
    ...(await measured('tarball', (peer, dest) => `${peer.import(archive, BASE)} && ${peer.command(local, dest)}`)),
  ];
  registry.close();
  writeToReadme('first build', [
    `${aboutMeasuring(loads)} Median (least to most) of ${values.runs}; ratio to the faster other, pair by pair.`,
    '',
    ...markdownTable(['base from', 'peer', 'wall s', 'ratio', 'CPU s', 'memory MB', 'ends with'], lines),
  ]);
} finally {
  for (const peer of peers) peer.stop();
  rmSync(dir, { recursive: true, force: true });
}

/** @param {string} name @param {string} base */
function contextOf(name, base) {
  const context = join(dir, `context-${name}`);
  mkdirSync(context);
  writeFileSync(join(context, 'Dockerfile'), `FROM ${base}\nRUN true\n`);
  return context;
}

/** Rows of the table. @param {string} from @param {(peer: import('./peers.mjs').Peer, dest: string) => string} commandOf */
async function measured(from, commandOf) {
  const figures = new Map(peers.map((peer) => [peer, /** @type {Awaited<ReturnType<typeof measure>>[]} */ ([])]));
  for (let round = 0; round < Number(values.runs); round++) {
    for (const peer of peers) {
      peer.reset([]);
      const dest = join(dir, peer.name, 'out.tar');
      rmSync(dest, { force: true });
      const { daemons, disk } = peer;
      const figure = await measure(commandOf(peer, dest), { cwd: dir, daemons, disk });
      figures.get(peer)?.push(figure);
      loads.push(loadavg()[0] ?? 0);
      process.stderr.write(`${from} ${peer.name}: ${(figure.wallMs / 1000).toFixed(2)} s\n`);
    }
  }
  return [...figures].map(([peer, own]) => {
    const others = [...figures.keys()].filter((other) => other !== peer);
    const ratios = own.map(
      ({ wallMs }, round) => wallMs / Math.min(...others.map((other) => figures.get(other)?.[round]?.wallMs ?? 0)),
    );
    return [
      ...[from, peer.name, spread(own.map(({ wallMs }) => wallMs / 1000))],
      others.length === 0 ? '' : median(ratios).toFixed(2),
      median(own.map(({ cpuMs }) => cpuMs / 1000)).toFixed(2),
      median(own.map(({ peakBytes }) => peakBytes / 1e6)).toFixed(0),
      peer.product,
    ];
  });
}
