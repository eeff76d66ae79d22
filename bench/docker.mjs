// docker as a peer: a daemon of its own with the bases loaded, and one of three ways to use it.

import { spawn, spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { withTag } from './names.mjs';
import { childrenOf, placesOf } from './programs.mjs';

/** BuildKit's exporters of tarballs need the image store that docker has since then. */
const WITH_IMAGE_STORE = 25;

/** @type {Record<'save' | 'image' | 'oci', { product: string, isBeside: boolean, least: number, build(docker: string, context: string, dest: string): string, load(docker: string, archive: string, name: string): string }>} */
const WAYS = {
  save: {
    product: 'docker archive of docker save, not compressed',
    isBeside: false,
    least: 0,
    build: (docker, context, dest) => `${buildImage(docker, context)} && ${docker} save -o ${dest} bench:1`,
    load: loadConverted,
  },
  image: {
    product: 'an image in the daemon: no tarball',
    isBeside: true,
    least: 0,
    build: buildImage,
    load: loadConverted,
  },
  oci: {
    product: 'OCI tarball, gzip',
    isBeside: false,
    least: WITH_IMAGE_STORE,
    build: (docker, context, dest) =>
      `${docker} buildx build -q --provenance=false --network=host -t bench:1 -o type=oci,dest=${dest} ${context}`,
    // as it is, so that layers stay compressed in its store as those of a registry do
    load: (docker, archive) => `${docker} load -q -i ${archive}`,
  },
};

/** Where only docker's own archives can be read. @param {string} docker @param {string} archive @param {string} name */
function loadConverted(docker, archive, name) {
  return `skopeo copy -q oci-archive:${archive} docker-archive:/dev/stdout:${name} | ${docker} load -q`;
}

/** @param {string} docker @param {string} context */
function buildImage(docker, context) {
  return `DOCKER_BUILDKIT=1 ${docker} build -q --network=host -t bench:1 ${context}`;
}

/**
 * The first docker on PATH that can be used this way.
 * @param {keyof typeof WAYS} way @param {{ home: string, bases: readonly { name: string, archive: string }[] }} state
 */
export async function openDocker(way, { home, bases }) {
  const { product, isBeside, least, build, load } = WAYS[way];
  const program = placesOf('dockerd').find((file) => versionOf(file) >= least);
  const client = placesOf('docker').find((file) => canBuild(file, least));
  if (program === undefined || client === undefined) return undefined;
  const daemon = spawn(program, daemonFlags(home, least), { stdio: 'ignore' });
  const docker = `${client} -H unix://${socketIn(home)}`;
  await answers(`${docker} version`);
  const importing = (/** @type {string} */ archive, /** @type {string} */ name) => load(docker, archive, name);
  return {
    version: spawnSync(program, ['--version'], { encoding: 'utf8' }).stdout.trim(),
    product,
    isBeside,
    daemons: [daemon.pid, ...childrenOf(daemon.pid)],
    disk: [home],
    command: (/** @type {string} */ context, /** @type {string} */ dest) => build(docker, context, dest),
    import: importing,
    reset(/** @type {readonly string[]} */ names) {
      const prune = names.length === 0 ? `${docker} image prune -af` : `${docker} image prune -f`;
      spawnSync('bash', ['-c', `${docker} rmi -f bench:1; ${docker} builder prune -af; ${prune}`]);
      for (const { name, archive } of bases.filter((base) => names.map(withTag).includes(base.name)))
        spawnSync('bash', ['-c', importing(archive, name)]);
    },
    stop: () => daemon.kill(),
  };
}

/** @param {string} home @param {number} least */
function daemonFlags(home, least) {
  const dirs = ['--data-root', join(home, 'data'), '--exec-root', join(home, 'exec'), '-p', join(home, 'pid')];
  const flags = [...dirs, '-H', `unix://${socketIn(home)}`, '--bridge=none', '--iptables=false'];
  if (least < WITH_IMAGE_STORE) return flags;
  const config = join(home, 'daemon.json');
  writeFileSync(config, JSON.stringify({ features: { 'containerd-snapshotter': true } }));
  return [...flags, '--config-file', config];
}

/** @param {string} home */
function socketIn(home) {
  return join(home, 'docker.sock');
}

/** One that can ask for BuildKit: before 23 by itself, since then through buildx. @param {string} file @param {number} least */
function canBuild(file, least) {
  const version = versionOf(file);
  return version >= least && (version < 23 || spawnSync(file, ['buildx', 'version']).status === 0);
}

/** @param {string} file */
function versionOf(file) {
  const { stdout } = spawnSync(file, ['--version'], { encoding: 'utf8' });
  return Number(/version (\d+)/.exec(stdout)?.[1]);
}

/** @param {string} command */
async function answers(command) {
  for (let tries = 0; tries < 100; tries++) {
    if (spawnSync('bash', ['-c', command], { stdio: 'ignore' }).status === 0) return;
    await new Promise((done) => setTimeout(done, 200));
  }
  throw new Error(`${command} does not answer`);
}
