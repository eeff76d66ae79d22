// The builders that are compared. Each has its own state directory, begins with the same base image, and ends with a tarball.

import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { openDocker } from './docker.mjs';
import { withTag } from './names.mjs';
import { addBigLayer, unpackLayout } from './oci-layout.mjs';
import { placesOf } from './programs.mjs';

const REPOSITORY = dirname(dirname(fileURLToPath(import.meta.url)));
const CLI = join(REPOSITORY, 'dist/cli/tsbuild.cjs');

/** @typedef {{ name: string, version: string, product: string, isBeside?: boolean, daemons: readonly number[], disk: readonly string[], command(context: string, dest: string): string, import(archive: string, name: string): string, reset(bases: readonly string[]): void, stop(): void }} Peer */

const PEERS = {
  tsbuild: (home) => openTsbuild(home, 'auto'),
  'tsbuild-erofs': (home) => openTsbuild(home, 'erofs'),
  'tsbuild-directory': (home) => openTsbuild(home, 'directory'),
  docker: (home, bases) => openDocker('save', { home, bases }),
  'docker-image': (home, bases) => openDocker('image', { home, bases }),
  buildx: (home, bases) => openDocker('oci', { home, bases }),
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

/** A base of 2 GB in 30,000 files, on busybox. */
export const BIG = 'big';
const BIG_SIZE = { files: 30_000, bytes: 2e9 };

/**
 * Bases as all peers begin with them: archives, and roots of tsbuild that have them.
 * @param {string} dir @param {readonly string[]} names @returns {Promise<{ name: string, archive: string }[]>}
 */
export async function makeBases(dir, names) {
  const root = join(dir, 'base-root');
  const made = names.filter((name) => name !== BIG);
  const stoodOn = made.some((name) => name.startsWith('node:')) ? ['debian:bookworm-slim'] : [];
  const recipes = [...new Set([...stoodOn, ...made])];
  execFileSync('bash', [join(REPOSITORY, 'scripts/make-bases.sh'), root, ...recipes], { stdio: 'ignore' });
  const bases = made.map((name) => ({ name: withTag(name), archive: archiveOf(name, { dir, root }) }));
  const [busybox] = bases;
  if (names.includes(BIG) && busybox !== undefined) {
    process.stderr.write(`bench: making a base of ${BIG_SIZE.bytes / 1e9} GB …\n`);
    const layout = unpackLayout(busybox.archive, join(dir, 'big-layout'));
    await addBigLayer(layout, BIG_SIZE);
    const flags = ['--build-context', `${BIG}=oci-layout://${layout}`];
    bases.push({ name: withTag(BIG), archive: archiveOf(BIG, { dir, root: join(dir, 'big-root'), flags }) });
    rmSync(layout, { recursive: true });
  }
  return bases;
}

function archiveOf(name, { dir, root, flags = [] }) {
  const archive = join(dir, `${name.replace(/\W/g, '-')}.tar`);
  const context = mkdtempSync(join(dir, 'context-'));
  const output = ['-t', name, '-o', `type=oci,dest=${archive}`];
  const argv = [CLI, '--root', root, '--network', 'host', '-q', '-f', '-', ...flags, ...output, context];
  execFileSync(process.execPath, argv, { stdio: ['pipe', 'ignore', 'inherit'], input: `FROM ${name}\n` });
  warm(root, name, context);
  return archive;
}

/** A RUN on the base: it is there as it is when it was used before. */
function warm(root, name, context) {
  const argv = [CLI, '--root', root, '--network', 'host', '-q', '-f', '-', context];
  execFileSync(process.execPath, argv, { stdio: ['pipe', 'ignore', 'inherit'], input: `FROM ${name}\nRUN true\n` });
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
    import: (archive, name) =>
      `mkdir ${home}/layout && tar -xf ${archive} -C ${home}/layout && echo FROM ${name} | ${process.execPath} ${CLI} --root ${root} -q -t ${name} --build-context ${name}=oci-layout://${home}/layout -o type=cacheonly -f - ${home}/layout`,
    reset(names) {
      rmSync(join(home, 'layout'), { recursive: true, force: true });
      rmSync(root, { recursive: true, force: true });
      if (names.length === 0) return;
      cpSync(join(dirname(home), names.includes(BIG) ? 'big-root' : 'base-root'), root, { recursive: true });
      // What is copied has other times than what was made: it is looked at again once.
      for (const name of names) warm(root, name, home);
    },
    stop() {},
  };
}

function openBuildah(home, bases) {
  if (placesOf('buildah').length === 0) return undefined;
  const buildah = `buildah --root ${join(home, 'root')} --runroot ${join(home, 'run')} --storage-driver overlay`;
  return {
    version: spawnSync('buildah', ['--version'], { encoding: 'utf8' }).stdout.trim(),
    product: 'OCI tarball, gzip',
    daemons: [],
    disk: [home],
    command: (context, dest) =>
      `${buildah} build -q --layers --tls-verify=false --network=host --isolation chroot -t bench:1 ${context} && rm -f ${dest} && ${buildah} push -q bench:1 oci-archive:${dest}`,
    import: (archive, name) =>
      `id=$(${buildah} pull -q oci-archive:${archive}) && ${buildah} tag $id docker.io/library/${name}`,
    reset(names) {
      spawnSync('bash', ['-c', `${buildah} rmi -af`]);
      for (const { name, archive } of bases.filter((base) => names.map(withTag).includes(base.name))) {
        const tag = `${buildah} tag $id docker.io/library/${name}`;
        spawnSync('bash', ['-c', `id=$(${buildah} pull -q oci-archive:${archive}) && ${tag}`]);
      }
    },
    // It leaves its directory mounted on itself.
    stop: () => void spawnSync('umount', ['-l', join(home, 'root/overlay')]),
  };
}
