export interface HostEntry {
  readonly host: string;
  readonly ip: string;
}

/** The special address of `--add-host`: where a RUN reaches the host itself. */
const HOST_GATEWAY = 'host-gateway';

export function renderHosts(hostname: string, extra: readonly HostEntry[]): string {
  const lines = [`127.0.0.1\tlocalhost ${hostname}`, '::1\tlocalhost ip6-localhost ip6-loopback'];
  for (const { host, ip } of extra) lines.push(`${ip === HOST_GATEWAY ? '127.0.0.1' : ip}\t${host}`);
  return `${lines.join('\n')}\n`;
}

export interface ResolvConfSources {
  /** /etc/resolv.conf of the host. */
  readonly host: string | undefined;
  /** The one that systemd-resolved keeps with the real servers. */
  readonly systemd: string | undefined;
  /** The RUN shares the host's network, so that servers on localhost can be reached. */
  readonly sharesHostNetwork: boolean;
}

const PUBLIC_SERVERS = ['8.8.8.8', '8.8.4.4'];

export function renderResolvConf({ host, systemd, sharesHostNetwork }: ResolvConfSources): string {
  const servers = serversOf(host ?? '');
  const isStub = servers.length === 1 && servers[0] === '127.0.0.53';
  const text = (isStub ? (systemd ?? host) : host) ?? '';
  if (sharesHostNetwork && serversOf(text).length > 0) return text;
  const kept = text.split('\n').filter((line) => !isLocal(serversOf(line)[0]));
  if (serversOf(kept.join('\n')).length === 0) kept.push(...PUBLIC_SERVERS.map((server) => `nameserver ${server}`));
  return `${kept.filter((line) => line !== '').join('\n')}\n`;
}

function serversOf(text: string): string[] {
  return [...text.matchAll(/^\s*nameserver\s+(\S+)/gm)].map((match) => match[1] ?? '');
}

function isLocal(server: string | undefined): boolean {
  return server !== undefined && (/^127\./.test(server) || server === '::1');
}
