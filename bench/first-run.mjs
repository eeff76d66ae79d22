// node bench/first-run.mjs [--files 60000] [--megabytes 2000] [--runs 3]: a RUN on a base that was never used before, pulled from a
// registry on this machine. Prints the time from the last byte that the registry sent to the start of the RUN's process, and what the
// root had grown by in inodes; writes both into bench/README.md.

import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createReadStream, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { cpus, loadavg, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { writeBigLayer } from './big-base.mjs';
import { makeBases } from './peers.mjs';

const HERE = dirname(fileURLToPath(import.meta.url));
const CLI = join(dirname(HERE), 'dist/cli/tsbuild.mjs');
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
  const image = await makeImage();
  const server = await serve(image);
  const figures = [];
  for (let round = 0; round < Number(values.runs); round++) figures.push(await measure(server, round));
  server.close();
  save(figures, image);
} finally {
  rmSync(dir, { recursive: true, force: true });
}

/** busybox, and the big layer on it. */
async function makeImage() {
  const [{ archive }] = makeBases(dir, ['busybox']);
  const layout = join(dir, 'layout');
  mkdirSync(layout);
  execFileSync('tar', ['-xf', archive, '-C', layout]);
  const file = (digest) => join(layout, 'blobs', ...digest.split(':'));
  const read = (digest) => JSON.parse(readFileSync(file(digest), 'utf8'));
  const index = JSON.parse(readFileSync(join(layout, 'index.json'), 'utf8'));
  const manifest = read(index.manifests[0].digest);
  const config = read(manifest.config.digest);
  process.stderr.write(`making a layer of ${wanted.files} files, ${wanted.bytes / 1e6} MB …\n`);
  const path = join(dir, 'big.tar.gz');
  const { digest, size, diffID } = await writeBigLayer(path, wanted);
  config.rootfs.diff_ids.push(diffID);
  const blobs = new Map(manifest.layers.map((layer) => [layer.digest, file(layer.digest)]));
  blobs.set(digest, path);
  manifest.layers.push({ mediaType: 'application/vnd.oci.image.layer.v1.tar+gzip', digest, size });
  manifest.config = keep(blobs, 'config', config, manifest.config);
  return { blobs, manifest: keep(blobs, 'manifest', manifest, { mediaType: manifest.mediaType }), layer: digest, size };
}

function keep(blobs, name, value, descriptor) {
  const bytes = Buffer.from(JSON.stringify(value));
  const digest = `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
  blobs.set(digest, join(dir, name));
  writeFileSync(join(dir, name), bytes);
  return { ...descriptor, digest, size: bytes.length };
}

/** A registry of one image. `lastByte` is when the big layer had left. */
async function serve({ blobs, manifest, layer }) {
  const state = { lastByteMs: 0 };
  const server = createServer((request, response) => {
    const name = (request.url ?? '').split('/').at(-1) ?? '';
    const digest = name.startsWith('sha256:') ? name : manifest.digest;
    const path = blobs.get(digest);
    if (path === undefined || request.url === '/v2/') return void response.writeHead(200).end();
    response.setHeader('docker-content-digest', digest);
    if (digest === manifest.digest) response.setHeader('content-type', manifest.mediaType);
    if (request.method === 'HEAD') return void response.end();
    pipeline(createReadStream(path, { highWaterMark: 1 << 20 }), response, () => {
      if (digest === layer) state.lastByteMs = uptimeMs();
    });
  });
  await new Promise((ready) => server.listen(0, '127.0.0.1', ready));
  return { state, host: `127.0.0.1:${server.address().port}`, close: () => server.close() };
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
  const text = [
    '',
    `Measured ${new Date().toISOString().slice(0, 10)}: ${cpus().length} cores, Node ${process.version}; median (least to most) of ${figures.length}, load ${middle('load').toFixed(1)}.`,
    `A layer of ${wanted.files} files, ${wanted.bytes / 1e6} MB, ${Math.round(size / 1e6)} MB as the registry has it, on busybox.`,
    '',
    '| from | to | s |',
    '|---|---|---|',
    `| start of the build | last byte of the base | ${seconds('pullMs')} |`,
    `| last byte of the base | start of the RUN's process | ${seconds('afterMs')} |`,
    '',
    `The root grew by ${middle('inodes')} inodes.`,
    '',
  ].join('\n');
  process.stdout.write(text);
  const readme = join(HERE, 'README.md');
  const [before, rest] = readFileSync(readme, 'utf8').split('<!-- first run -->');
  const after = rest?.split('<!-- first run end -->')[1];
  if (after === undefined) throw new Error(`${readme} has no place for the figures`);
  writeFileSync(readme, `${before}<!-- first run -->${text}<!-- first run end -->${after}`);
}
