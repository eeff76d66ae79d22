// Many processes build in one root while it is pruned, checked, capped and builds are killed: `npm run test:stress -- --processes 8
// --builds 100 --seed 1`. No build that is left alone may fail or make another image than an undisturbed one; nothing may be damaged; what
// dead ones left must be gone after the next command; and after a build that ends alone, cancelled or not, the root takes no more than its cap.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { contentOf, mulberry32, prepare, TSBUILD } from './undisturbed.mjs';

const { values } = parseArgs({
  options: {
    processes: { type: 'string', default: '8' },
    builds: { type: 'string', default: '100' },
    seed: { type: 'string', default: '1' },
  },
});
const [PROCESSES, BUILDS, SEED] = [values.processes, values.builds, values.seed].map(Number);
/** Kinds of builds: those of one kind share all of their steps. */
const KINDS = 5;
const CAP_BYTES = 12_000_000;
/** Of builds, how many are killed; of builds, after how many the root is pruned or checked. */
const [KILLED, PRUNED, CHECKED] = [0.15, 0.15, 0.1];

const DOCKERFILE = `
FROM base AS one
ARG KIND
COPY data /data
RUN echo $KIND > /kind; seq 1 20000 > /data/numbers
FROM base AS two
ARG KIND
RUN --mount=type=cache,target=/c,sharing=locked echo $KIND > /c/x; mkdir /made; cd /made; for n in $(seq 100); do echo $n $KIND > f$n; done
FROM base
COPY --from=one /data /data
COPY --from=two /made /made
RUN rm /made/f7; chmod 4755 /made/f8; mv /data/numbers /numbers
`;

const dir = mkdtempSync(join(tmpdir(), 'tsbuild-stress-'));
const root = join(dir, 'root');
const figures = {
  builds: 0,
  killed: 0,
  prunes: 0,
  freedBytes: 0,
  checks: 0,
  solo: 0,
  cancelled: 0,
  mostBytes: 0,
  seconds: 0,
};
const startedMs = performance.now();
try {
  await main();
} finally {
  rmSync(dir, { recursive: true, force: true });
}

async function main() {
  await prepare(dir, { dockerfile: DOCKERFILE, files: 100 });
  const references = [];
  for (let kind = 0; kind < KINDS; kind += 1) references.push(await reference(kind));
  const workers = Array.from({ length: PROCESSES }, (_, number) => work(number, references));
  await Promise.all(workers);
  await settle(references);
  figures.seconds = Math.round((performance.now() - startedMs) / 1000);
  process.stdout.write(`stress: ${JSON.stringify(figures)}\n`);
  process.stdout.write(`${figures.builds + figures.solo} passed, 0 failed\n`);
}

async function reference(kind) {
  const build = startBuild({ kind, id: `reference-${kind}`, at: join(dir, 'undisturbed') });
  return finished(build);
}

async function work(number, references) {
  const random = mulberry32(SEED * 1000 + number);
  for (let n = 0; n < BUILDS; n += 1) {
    const kind = Math.floor(random() * KINDS);
    const build = startBuild({ kind, id: `${number}-${n}`, isPlain: random() < 0.2 });
    const isDoomed = random() < KILLED;
    const atMs = random() * 1500;
    if (isDoomed) {
      await Promise.race([build.ended, new Promise((resolve) => setTimeout(resolve, atMs))]);
      build.child.kill('SIGKILL');
      await build.ended;
      figures.killed += 1;
    } else {
      const image = await finished(build);
      if (image !== references[kind]) throw new Error(`build ${number}-${n} of kind ${kind} made another image`);
      figures.builds += 1;
    }
    if (random() < PRUNED) await prune(random() < 0.5 ? ['--all'] : []);
    if (random() < CHECKED) await check();
  }
}

async function prune(flags) {
  const { stdout } = await command(['prune', '--format', 'json', ...flags]);
  figures.prunes += 1;
  figures.freedBytes += JSON.parse(stdout).bytes;
}

/** Kills must not damage anything, whatever else they leave. */
async function check() {
  const { stdout } = await command(['cache', 'check']);
  if (!stdout.endsWith('all whole\n')) throw new Error(`damaged:\n${stdout}`);
  figures.checks += 1;
}

/** One build of each kind, alone, and one that is cancelled: the cap holds, and nothing of the dead is left. */
async function settle(references) {
  for (let kind = 0; kind < KINDS; kind += 1) {
    const image = await finished(startBuild({ kind, id: `solo-${kind}` }));
    if (image !== references[kind]) throw new Error(`the last build of kind ${kind} made another image`);
    figures.solo += 1;
    await assertBelowCap();
    await cancelled(kind);
    await assertBelowCap();
    const left = ['tmp', 'run', 'leases'].flatMap((place) => readdirSync(join(root, place)));
    if (left.length > 0) throw new Error(`left behind:\n${left.join('\n')}`);
  }
  await check();
}

/** A build of new work, alone, that is told to stop somewhere on its way. */
async function cancelled(kind) {
  const build = startBuild({ kind: `cancelled-${kind}`, id: `cancelled-${kind}` });
  await Promise.race([build.ended, new Promise((resolve) => setTimeout(resolve, 300 + 200 * kind))]);
  build.child.kill('SIGINT');
  await build.ended;
  if (build.child.exitCode !== 130 && build.child.exitCode !== 0)
    throw new Error(`a cancelled build failed:\n${build.said.stderr}`);
  if (build.child.exitCode === 130) figures.cancelled += 1;
  rmSync(build.file, { force: true });
}

async function assertBelowCap() {
  const bytes = await diskUsage();
  figures.mostBytes = Math.max(figures.mostBytes, bytes);
  if (bytes > CAP_BYTES) throw new Error(`the root takes ${bytes} bytes, more than ${CAP_BYTES}`);
}

function startBuild({ kind, id, at = root, isPlain = false }) {
  const file = join(dir, `${id}.tar`);
  const flags = ['--root', at, '--progress', 'plain', '--cache-max', String(CAP_BYTES), '--build-arg', `KIND=${kind}`];
  const outputs = ['-o', `type=tar,dest=${file}`, ...(isPlain ? [] : ['-t', `stress:${kind}`])];
  const base = ['--build-context', `base=oci-layout://${join(dir, 'base')}`];
  const child = start([...flags, ...outputs, ...base, join(dir, 'context')]);
  return { ...child, file };
}

function start(argv) {
  const child = spawn(TSBUILD[0], [...TSBUILD.slice(1), ...argv], { stdio: ['ignore', 'pipe', 'pipe'] });
  const said = { stdout: '', stderr: '' };
  for (const stream of ['stdout', 'stderr'])
    child[stream].setEncoding('utf8').on('data', (text) => {
      said[stream] += text;
    });
  return { child, said, ended: once(child, 'close') };
}

async function command(argv) {
  const { child, said, ended } = start([...argv, '--root', root]);
  await ended;
  if (child.exitCode !== 0)
    throw new Error(`tsbuild ${argv.join(' ')} exited with ${child.exitCode}:\n${said.stdout}${said.stderr}`);
  return said;
}

async function finished({ child, said, file, ended }) {
  await ended;
  if (child.exitCode !== 0) throw new Error(`a build failed (${child.exitCode ?? child.signalCode}):\n${said.stderr}`);
  const digest = await contentOf(file);
  rmSync(file);
  return digest;
}

async function diskUsage() {
  const child = spawn('du', ['-s', '--block-size=1', root], { stdio: ['ignore', 'pipe', 'inherit'] });
  let text = '';
  child.stdout.setEncoding('utf8').on('data', (chunk) => {
    text += chunk;
  });
  await once(child, 'close');
  return Number(text.split('\t')[0]);
}
