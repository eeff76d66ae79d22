import { spawn } from 'node:child_process';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { findProgram } from '../../../host/process/index.ts';
import { MNT_DETACH, MS_BIND, mount, umount } from '../../../host/sys/index.ts';
import {
  type Holder,
  INTERFACE,
  lastWords,
  NAMESPACES_REFUSED,
  openHolder,
  type Uplink,
  type UplinkOptions,
} from './uplink.ts';

const ADDRESS = { own: '10.0.2.100', bits: '24', gateway: '10.0.2.2', nameServer: '10.0.2.3' };

/**
 * It does not end with the mount of its namespace. An address of its own, so that the host's can be reached; no port is forwarded, in
 * neither direction, and no loopback.
 */
const FLAGS = [
  ...['--quiet', '--config-net', '--ipv4-only', '--ns-ifname', INTERFACE, '--runas', '0', '--no-netns-quit'],
  ...['--address', ADDRESS.own, '--netmask', ADDRESS.bits, '--gateway', ADDRESS.gateway, '--no-map-gw'],
  ...['--dns-forward', ADDRESS.nameServer],
  ...['--tcp-ports', 'none', '--udp-ports', 'none', '--tcp-ns', 'none', '--udp-ns', 'none'],
];

let count = 0;

/** Or why there is none. */
export async function openPasta(options: UplinkOptions): Promise<Uplink | string> {
  const holder = await openHolder(options);
  if (holder === undefined) return NAMESPACES_REFUSED;
  const pid = await startInside(holder, options);
  if (typeof pid === 'string') {
    holder.kill();
    return pid;
  }
  return {
    namespacePath: holder.namespacePath,
    nameServer: ADDRESS.nameServer,
    gateway: ADDRESS.gateway,
    isAlive: () => isAlive(pid),
    end() {
      if (isAlive(pid)) process.kill(pid, 'SIGKILL');
      holder.kill();
    },
  };
}

/**
 * Its process id, or why there is none. It gives up the right to look into other processes before it opens the namespace: a mount of
 * that needs none.
 */
async function startInside({ namespacePath }: Holder, options: UplinkOptions): Promise<number | string> {
  const file = join(options.runDir, `net${++count}`);
  const pidFile = `${file}.pid`;
  writeFileSync(file, '');
  try {
    mount(namespacePath, file, 'none', MS_BIND);
    const failure = await startPasta([...FLAGS, '--pid', pidFile, '--netns', file], options);
    umount(file, MNT_DETACH);
    return failure ?? Number(readFileSync(pidFile, 'utf8'));
  } finally {
    for (const name of [file, pidFile]) rmSync(name, { force: true });
  }
}

/** It goes into the background when it is ready. */
function startPasta(argv: readonly string[], { searchPath, signal }: UplinkOptions): Promise<string | undefined> {
  const program = findProgram('pasta', searchPath) ?? 'pasta';
  const child = spawn(program, argv, { stdio: ['ignore', 'ignore', 'pipe'] });
  const said = lastWords(child);
  return new Promise((resolve) => {
    child.once('error', (error) => resolve(`pasta failed: ${error.message}`));
    child.once('exit', (code) => resolve(code === 0 ? undefined : `pasta failed: ${said()}`));
    signal.addEventListener('abort', () => child.kill('SIGKILL'), { once: true });
  });
}

/** Its number is not given to another process as long as the worker's pid namespace has others: it is process 1's child. */
function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
