import { spawn } from 'node:child_process';
import type { Readable } from 'node:stream';
import { findProgram } from '../../../host/process/index.ts';
import {
  hasSpoken,
  INTERFACE,
  lastWords,
  NAMESPACES_REFUSED,
  openHolder,
  type Uplink,
  type UplinkOptions,
} from './uplink.ts';

/** Or why there is none. The host's loopback cannot be reached from inside, but for its name servers. */
export async function openSlirp(options: UplinkOptions): Promise<Uplink | string> {
  const holder = await openHolder(options);
  if (holder === undefined) return NAMESPACES_REFUSED;
  const flags = ['--configure', '--mtu=65520', '--disable-host-loopback', '--ready-fd=3'];
  const program = findProgram('slirp4netns', options.searchPath) ?? 'slirp4netns';
  const slirp = spawn(program, [...flags, String(holder.pid), INTERFACE], {
    stdio: ['ignore', 'ignore', 'pipe', 'pipe'],
  });
  const said = lastWords(slirp);
  if (!(await hasSpoken(slirp, { stream: slirp.stdio[3] as Readable, signal: options.signal }))) {
    holder.kill();
    slirp.kill('SIGKILL');
    return `slirp4netns failed: ${said()}`;
  }
  return {
    namespacePath: holder.namespacePath,
    nameServer: '10.0.2.3',
    gateway: '10.0.2.2',
    isAlive: () => slirp.exitCode === null && slirp.signalCode === null,
    end() {
      slirp.kill('SIGKILL');
      holder.kill();
    },
  };
}
