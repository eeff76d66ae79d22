import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Network, renderHosts, renderResolvConf } from '../exec/index.ts';
import type { RunRequest } from '../protocol.ts';
import type { ReadyMount } from './mounts.ts';

/** /etc/hosts and /etc/resolv.conf of a RUN, bound over the image's own. */
export function systemFiles(request: RunRequest, { dir, network }: { dir: string; network: Network }): ReadyMount[] {
  const place = join(dir, 'etc');
  mkdirSync(place, { mode: 0o755 });
  const texts = {
    hosts: renderHosts(request.hostname, request.extraHosts, network),
    'resolv.conf': renderResolvConf({
      host: readIfThere('/etc/resolv.conf'),
      systemd: readIfThere('/run/systemd/resolve/resolv.conf'),
      forwarder: network.nameServer,
      given: request.dns,
    }),
  };
  return Object.entries(texts).map(([name, text]) => {
    const source = join(place, name);
    writeFileSync(source, text, { mode: 0o644 });
    const target = `/etc/${name}`;
    const options = ['rbind', 'ro', 'nosuid', 'nodev', 'noexec'];
    return { target, type: 'file', mount: { destination: target, type: 'bind', source, options } };
  });
}

function readIfThere(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}
