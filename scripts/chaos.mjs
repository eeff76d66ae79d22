// Kills builds at random moments, again and again, and looks at what is left: `npm run test:chaos -- --rounds 10 --seed 1`.
// Within a second of a kill no process and no mount may be left; after the next build no cgroup, no network device, no firewall
// rule and no temp file either, and that build's image must be the one of an undisturbed build.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { contentOf, mulberry32, prepare, TSBUILD } from './undisturbed.mjs';

const { values } = parseArgs({
  options: { rounds: { type: 'string', default: '10' }, seed: { type: 'string', default: '1' } },
});
const ROUNDS = Number(values.rounds);
/** So many rounds share a root, and what killed builds have left in it. */
const ROUNDS_PER_ROOT = 5;
const WITHIN_MS = 1000;

/** In the command line of each RUN; another chaos may be under way on this machine. */
const MARKER = `chaos-${process.pid}`;

const DOCKERFILE = `
FROM base AS one
ARG ROUND
COPY data /data
RUN echo ${MARKER} $ROUND > /dev/null; seq 1 20000 > /data/numbers; sleep 0.05
FROM base AS two
ARG ROUND
RUN --mount=type=cache,target=/c,sharing=locked echo ${MARKER} $ROUND > /c/x; mkdir /made; cd /made; for n in $(seq 200); do echo $n > f$n; done
FROM base
ARG ROUND
COPY --from=one /data /data
COPY --from=two /made /made
RUN echo ${MARKER} $ROUND > /dev/null; rm /made/f7; chmod 4755 /made/f8; mv /data/numbers /numbers
`;

const dir = mkdtempSync(join(tmpdir(), 'tsbuild-chaos-'));
const figures = { rounds: 0, builds: 0, killed: 0, ended: 0, slowestMs: 0, kills: {} };
try {
  await main();
} finally {
  rmSync(dir, { recursive: true, force: true });
}

async function main() {
  const random = mulberry32(Number(values.seed));
  await prepare(dir, { dockerfile: DOCKERFILE, files: 300 });
  const reference = await measure();
  let root = '';
  for (let round = 1; round <= ROUNDS; round += 1) {
    if (round % ROUNDS_PER_ROOT === 1) root = freshRoot(root, round);
    await oneRound({ root, round, random, reference });
    figures.rounds = round;
    if (round % 10 === 0) process.stdout.write(`${JSON.stringify(figures)}\n`);
  }
  process.stdout.write(`chaos: ${JSON.stringify(figures)}\n`);
}

async function measure() {
  const root = join(dir, 'root-undisturbed');
  const startedMs = performance.now();
  const image = await finished(startBuild({ root, id: 'undisturbed' }));
  const durationMs = performance.now() - startedMs;
  rmSync(root, { recursive: true, force: true });
  return { image, durationMs };
}

function freshRoot(last, round) {
  if (last !== '') rmSync(last, { recursive: true, force: true });
  return join(dir, `root-${round}`);
}

/** Up to three builds at once; one is left alone now and then, and must not notice. */
async function oneRound({ root, round, random, reference }) {
  const count = 1 + Math.floor(random() * 3);
  const builds = Array.from({ length: count }, (_, n) => startBuild({ root, id: `${round}-${n}` }));
  const spared = count > 1 && random() < 0.3 ? builds.pop() : undefined;
  const atMs = random() * reference.durationMs * 1.1;
  figures.builds += count;
  await new Promise((resolve) => setTimeout(resolve, atMs));
  const leases = namesIn(join(root, 'leases'));
  for (const build of builds) kill(build);
  await Promise.all(builds.map(({ ended }) => ended));
  if (spared === undefined) await nothingIsLeft(root);
  else expectSame(await finished(spared), reference, `the spared build of round ${round}`);
  expectSame(await finished(startBuild({ root, id: `${round}-0` })), reference, `the build after round ${round}`);
  nothingIsLeftBehind(root, leases);
}

function kill({ child, said }) {
  const hasEnded = child.exitCode !== null;
  figures[hasEnded ? 'ended' : 'killed'] += 1;
  if (hasEnded) return;
  const last = [...said.text.matchAll(/^#\d+ (\[[^\]]*\] \w+|exporting)/gm)].pop()?.[1] ?? 'before the first step';
  const place = last.replace(/^\[.*\] /, '');
  figures.kills[place] = (figures.kills[place] ?? 0) + 1;
  child.kill('SIGKILL');
}

function startBuild({ root, id }) {
  const file = join(dir, `${id}.tar`);
  rmSync(file, { force: true });
  const flags = ['--root', root, '--progress', 'plain', '--build-arg', `ROUND=${id}`, '-t', `chaos:${id}`];
  const outputs = ['-o', `type=tar,dest=${file}`, '-o', `type=oci,dest=${file}.oci`];
  const base = ['--build-context', `base=oci-layout://${join(dir, 'base')}`];
  const argv = [...TSBUILD, ...flags, ...outputs, ...base, join(dir, 'context')];
  const child = spawn(argv[0], argv.slice(1), { stdio: ['ignore', 'ignore', 'pipe'] });
  const said = { text: '' };
  child.stderr.setEncoding('utf8').on('data', (text) => {
    said.text += text;
  });
  return { child, said, file, ended: once(child, 'exit') };
}

async function finished({ child, said, file, ended }) {
  await ended;
  if (child.exitCode !== 0) throw new Error(`a build failed (${child.exitCode ?? child.signalCode}):\n${said.text}`);
  const digest = await contentOf(file);
  rmSync(file);
  rmSync(`${file}.oci`);
  return digest;
}

function expectSame(image, reference, what) {
  if (image !== reference.image) throw new Error(`${what} made another image`);
}

async function nothingIsLeft(root) {
  const startedMs = performance.now();
  for (;;) {
    const left = [...processesOf(root), ...mountsOf(root)];
    const tookMs = performance.now() - startedMs;
    if (left.length === 0) {
      figures.slowestMs = Math.max(figures.slowestMs, Math.ceil(tookMs));
      return;
    }
    if (tookMs > WITHIN_MS) throw new Error(`left ${WITHIN_MS} ms after the kill:\n${left.join('\n')}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** Cgroups and devices are named after the lease of their build: others may be building on this machine, too. */
function nothingIsLeftBehind(root, leases) {
  const named = [...cgroupsBelow('/sys/fs/cgroup', 6), ...namesIn('/sys/class/net')];
  const left = [
    ...['tmp', 'run', 'leases'].flatMap((place) => namesIn(join(root, place)).map((name) => join(place, name))),
    ...processesOf(root),
    ...mountsOf(root),
    ...named.filter((name) => leases.some((lease) => name.includes(lease))),
  ];
  if (left.length > 0) throw new Error(`left behind:\n${left.join('\n')}`);
}

function processesOf(root) {
  return pids()
    .filter((pid) => pid !== String(process.pid))
    .map((pid) => read(`/proc/${pid}/cmdline`).replaceAll('\0', ' '))
    .filter((line) => line.includes(root) || line.includes(MARKER));
}

function mountsOf(root) {
  const lines = pids().flatMap((pid) => read(`/proc/${pid}/mountinfo`).split('\n'));
  return [...new Set(lines.filter((line) => line.includes(root)))];
}

function cgroupsBelow(path, depth) {
  if (depth === 0) return [];
  return namesIn(path)
    .map((name) => join(path, name))
    .filter((one) => statSync(one, { throwIfNoEntry: false })?.isDirectory() === true)
    .flatMap((one) => [one, ...cgroupsBelow(one, depth - 1)]);
}

function namesIn(path) {
  try {
    return readdirSync(path);
  } catch {
    return [];
  }
}

function pids() {
  return readdirSync('/proc').filter((name) => /^\d+$/.test(name));
}

function read(file) {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
