import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';

const BASE = 'bench-base:latest';
const quiet = (argv) => execFileSync(argv[0], argv.slice(1), { stdio: ['ignore', 'pipe', 'pipe'] }).toString();
const works = (argv) => {
  try {
    quiet(argv);
    return true;
  } catch {
    return false;
  }
};

/** buildah leaves its storage mounted onto itself, and what it worked in when it was ended. */
function unmountBelow(dir) {
  const points = readFileSync('/proc/self/mounts', 'utf8')
    .split('\n')
    .map((line) => line.split(' ')[1] ?? '')
    .filter((point) => point.startsWith(`${dir}/`));
  for (const point of points.reverse()) works(['umount', point]);
}

/**
 * A builder in this directory: `cold()` leaves it the base image and nothing else, `build(context)` is the command that is
 * measured, `product` what that leaves behind.
 */
export function tsbuildPeer(dir, { bundle, baseRoot }) {
  const root = join(dir, 'root');
  const out = join(dir, 'image.tar');
  return {
    name: 'tsbuild',
    version: quiet([process.execPath, bundle, '--version']).trim(),
    product: 'OCI tarball, gzip',
    daemons: [],
    cold() {
      for (const path of [root, out]) rmSync(path, { recursive: true, force: true });
      quiet(['cp', '-a', '--reflink=auto', baseRoot, root]);
    },
    build: (context) => [
      process.execPath,
      bundle,
      '--root',
      root,
      '-q',
      '-t',
      'bench',
      '-o',
      `type=oci,dest=${out}`,
      context,
    ],
  };
}

export function buildahPeer(dir, { baseTar }) {
  if (!works(['buildah', '--version'])) return undefined;
  const buildah = ['buildah', '--root', join(dir, 'root'), '--runroot', join(dir, 'run')];
  const out = join(dir, 'image.tar');
  // The same runtime as tsbuild, where it is there: crun refuses some machines' cgroups.
  const runtime = works(['runc', '--version']) ? '--runtime=runc' : '--isolation=oci';
  return {
    name: 'buildah',
    version: quiet(['buildah', '--version']).trim(),
    product: 'OCI tarball, gzip',
    daemons: [],
    cold() {
      rmSync(out, { force: true });
      quiet([...buildah, 'rmi', '--all', '--force']);
      const id = quiet([...buildah, 'pull', '-q', `oci-archive:${baseTar}`]).trim();
      quiet([...buildah, 'tag', id, `localhost/${BASE}`]);
    },
    close: () => unmountBelow(dir),
    build: (context) => [
      'sh',
      '-ec',
      'out=$1 context=$2 runtime=$3; shift 3; rm -f "$out"; "$@" build -q "$runtime" --layers --network=host --pull-never -t bench "$context"; "$@" push -q bench "oci-archive:$out"',
      'sh',
      out,
      context,
      runtime,
      ...buildah,
    ],
  };
}

/** Only a daemon that runs already (DOCKER_HOST): its build cache and its image `bench` are removed for each cold build. */
export function dockerPeer(dir, { baseTar }) {
  if (!works(['docker', 'info'])) return undefined;
  const out = join(dir, 'image.tar');
  const daemons = ['/run/docker.pid', '/var/run/docker.pid', process.env.BENCH_DOCKER_PID_FILE ?? '']
    .filter((path) => existsSync(path))
    .map((path) => Number(readFileSync(path, 'utf8')));
  quiet(['docker', 'load', '-q', '-i', baseTar]);
  return {
    name: 'docker',
    version: quiet(['docker', 'version', '-f', '{{.Server.Version}}']).trim(),
    product: 'docker save, layers not compressed',
    daemons: daemons.slice(0, 1),
    cold() {
      rmSync(out, { force: true });
      works(['docker', 'image', 'rm', '-f', 'bench']);
      quiet(['docker', 'builder', 'prune', '-af']);
    },
    build: (context) => [
      'sh',
      '-ec',
      'DOCKER_BUILDKIT=1 docker build -q --network=host -t bench "$2"; docker save -o "$1" bench',
      'sh',
      out,
      context,
    ],
  };
}
