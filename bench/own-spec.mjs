// The spec that tsbuild gives to runc for a RUN, to be run without tsbuild: the same namespaces, mounts, capabilities and seccomp profile.

import { execFileSync, spawn } from 'node:child_process';
import { readdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** @typedef {{ bundle: string, end: () => void }} OwnSpec */
/** @typedef {{ destination: string, source: string }} Mount */

/**
 * Runs `build` with a runtime that keeps what it is given, and makes of that a bundle for here: on `rootfs`, in a network namespace that is
 * there already, as tsbuild's are.
 * @param {string} dir @param {{ rootfs: string, build: (runtime: string) => void }} how @returns {Promise<OwnSpec>}
 */
export async function takeOwnSpec(dir, { rootfs, build }) {
  const kept = join(dir, 'kept');
  build(keepingRuntime(dir, kept));
  const from = readFileSync(join(kept, 'from'), 'utf8').trim();
  const [bundle] = readdirSync(kept).filter((name) => name.startsWith('tsbuild-'));
  if (bundle === undefined) throw new Error('no RUN was run');
  const file = join(kept, bundle, 'config.json');
  const spec = JSON.parse(readFileSync(file, 'utf8'));
  const network = await holdNetwork();
  const group = `tsbuild-floor-${process.pid}`;
  spec.root.path = rootfs;
  spec.mounts = spec.mounts.map((/** @type {Mount} */ mount) => ({
    ...mount,
    source: mount.source.replace(from, kept),
  }));
  spec.linux.cgroupsPath &&= `${group}/run`;
  const own = spec.linux.namespaces.find((/** @type {{ type: string }} */ { type }) => type === 'network');
  if (own !== undefined) own.path = network.path;
  writeFileSync(file, JSON.stringify(spec));
  return {
    bundle: join(kept, bundle),
    end() {
      network.end();
      removeGroups(group);
    },
  };
}

/** A program that keeps the bundle and what is mounted from beside it, and is runc then. @param {string} dir @param {string} kept */
function keepingRuntime(dir, kept) {
  const program = join(dir, 'keeping-runtime');
  const lines = [
    '#!/bin/sh',
    'for arg; do [ "${last-}" = --bundle ] && from=${arg%/*}; last=$arg; done',
    `cp -r "$from" ${kept} && echo "$from" > ${join(kept, 'from')} && exec runc "$@"`,
  ];
  writeFileSync(program, `${lines.join('\n')}\n`, { mode: 0o755 });
  return program;
}

async function holdNetwork() {
  const holder = spawn('unshare', ['--net', 'sh', '-c', 'echo ready; exec cat'], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  await new Promise((resolve, reject) => {
    holder.stdout.once('data', resolve);
    holder.once('exit', () => reject(new Error('unshare --net failed')));
  });
  return { path: `/proc/${holder.pid}/ns/net`, end: () => void holder.kill() };
}

/** runc removes its own and leaves those above it. @param {string} name */
function removeGroups(name) {
  const found = execFileSync('find', ['/sys/fs/cgroup', '-depth', '-type', 'd', '-name', name], { encoding: 'utf8' });
  for (const path of found.split('\n').filter((line) => line !== '')) rmdirSync(path);
}
