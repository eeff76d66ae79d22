// The builders that are compared. Each has its own state directory, begins with the same base image, and ends with a tarball.

import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const REPOSITORY = dirname(dirname(fileURLToPath(import.meta.url)));
const CLI = join(REPOSITORY, 'dist/cli/tsbuild.mjs');

/** @typedef {{ name: string, version: string, product: string, daemons: readonly number[], disk: readonly string[], command(context: string, dest: string): string, reset(): void, stop(): void }} Peer */

const PEERS = {
  tsbuild: (home) => openTsbuild(home, 'auto'),
  'tsbuild-erofs': (home) => openTsbuild(home, 'erofs'),
  'tsbuild-directory': (home) => openTsbuild(home, 'directory'),
  docker: openDocker,
  buildah: openBuildah,
};

/** @returns {Promise<Peer[]>} those of the names that are installed */
export async function openPeers(names, { dir, bases }) {
  const peers = [];
  for (const name of names) {
    const open = PEERS[name];
    if (open === undefined) throw new Error(`no peer ${name}; there are ${Object.keys(PEERS).join(', ')}`);
    const home = join(dir, name);
    mkdirSync(home);
    const peer = await open(home, bases);
    if (peer === undefined) process.stderr.write(`bench: ${name} is not installed and left out\n`);
    else peers.push({ name, ...peer });
  }
  return peers;
}

/** Bases as all peers begin with them, made by tsbuild once: archives, and a root that has used them. */
export function makeBases(dir, names) {
  const root = join(dir, 'base-root');
  execFileSync('bash', [join(REPOSITORY, 'scripts/make-bases.sh'), root, ...names], { stdio: 'ignore' });
  const context = join(dir, 'base-context');
  mkdirSync(context);
  return names.map((name) => {
    const archive = join(dir, `${name.replace(/\W/g, '-')}.tar`);
    const flags = ['--root', root, '--network', 'host', '-f', '-'];
    const options = { stdio: ['pipe', 'ignore', 'ignore'] };
    const output = ['-t', name, '-o', `type=oci,dest=${archive}`];
    execFileSync(process.execPath, [CLI, ...flags, ...output, context], { ...options, input: `FROM ${name}\n` });
    execFileSync(process.execPath, [CLI, ...flags, context], { ...options, input: `FROM ${name}\nRUN true\n` });
    return { name: name.includes(':') ? name : `${name}:latest`, archive };
  });
}

function openTsbuild(home, lower) {
  const root = join(home, 'root');
  return {
    version: spawnSync(process.execPath, [CLI, '--version'], { encoding: 'utf8' }).stdout.trim(),
    product: 'OCI tarball, gzip',
    daemons: [],
    disk: [home],
    command: (context, dest) =>
      `${process.execPath} ${CLI} --root ${root} -t bench:1 --network host --lower ${lower} --progress quiet -o type=oci,dest=${dest} ${context}`,
    reset() {
      rmSync(root, { recursive: true, force: true });
      cpSync(join(dirname(home), 'base-root'), root, { recursive: true });
    },
    stop() {},
  };
}

async function openDocker(home, bases) {
  const client = dockerClient();
  if (!isThere('dockerd') || client === undefined) return undefined;
  const socket = `unix://${join(home, 'docker.sock')}`;
  const args = [
    '--data-root',
    join(home, 'data'),
    '--exec-root',
    join(home, 'exec'),
    '-H',
    socket,
    '-p',
    join(home, 'pid'),
  ];
  const daemon = spawn('dockerd', [...args, '--bridge=none', '--iptables=false'], { stdio: 'ignore' });
  const docker = `${client} -H ${socket}`;
  await answers(`${docker} version`);
  const load = () => {
    for (const { name, archive } of bases) {
      const copy = `skopeo copy -q oci-archive:${archive} docker-archive:/dev/stdout:${name}`;
      spawnSync('bash', ['-c', `${copy} | ${docker} load -q`]);
    }
  };
  load();
  return {
    version: spawnSync('dockerd', ['--version'], { encoding: 'utf8' }).stdout.trim(),
    product: 'docker archive of docker save, not compressed',
    daemons: [daemon.pid, ...childrenOf(daemon.pid)],
    disk: [home],
    command: (context, dest) =>
      `DOCKER_BUILDKIT=1 ${docker} build -q --network=host -t bench:1 ${context} && ${docker} save -o ${dest} bench:1`,
    reset() {
      spawnSync('bash', ['-c', `${docker} rmi -f bench:1; ${docker} builder prune -af; ${docker} image prune -f`]);
      load();
    },
    stop: () => daemon.kill(),
  };
}

function openBuildah(home, bases) {
  if (!isThere('buildah')) return undefined;
  const buildah = `buildah --root ${join(home, 'root')} --runroot ${join(home, 'run')} --storage-driver overlay`;
  return {
    version: spawnSync('buildah', ['--version'], { encoding: 'utf8' }).stdout.trim(),
    product: 'OCI tarball, gzip',
    daemons: [],
    disk: [home],
    command: (context, dest) =>
      `${buildah} build -q --layers --network=host --isolation chroot -t bench:1 ${context} && rm -f ${dest} && ${buildah} push -q bench:1 oci-archive:${dest}`,
    reset() {
      spawnSync('bash', ['-c', `${buildah} rmi -af`]);
      for (const { name, archive } of bases) {
        const tag = `${buildah} tag $id docker.io/library/${name}`;
        spawnSync('bash', ['-c', `id=$(${buildah} pull -q oci-archive:${archive}) && ${tag}`]);
      }
    },
    stop() {},
  };
}

/** One that can ask for BuildKit: before 23 by itself, since then through buildx. */
function dockerClient() {
  return placesOf('docker').find((file) => {
    const { stdout } = spawnSync(file, ['--version'], { encoding: 'utf8' });
    return Number(/version (\d+)/.exec(stdout)?.[1]) < 23 || spawnSync(file, ['buildx', 'version']).status === 0;
  });
}

function isThere(program) {
  return placesOf(program).length > 0;
}

function placesOf(program) {
  return (process.env.PATH ?? '')
    .split(':')
    .map((dir) => join(dir, program))
    .filter((file) => existsSync(file));
}

function childrenOf(pid) {
  const file = `/proc/${pid}/task/${pid}/children`;
  return existsSync(file) ? readFileSync(file, 'utf8').split(' ').filter(Boolean).map(Number) : [];
}

async function answers(command) {
  for (let tries = 0; tries < 100; tries++) {
    if (spawnSync('bash', ['-c', command], { stdio: 'ignore' }).status === 0) return;
    await new Promise((done) => setTimeout(done, 200));
  }
  throw new Error(`${command} does not answer`);
}
