export interface HostEntry {
  readonly host: string;
  readonly ip: string;
}

/** The special address of `--add-host`: where a RUN reaches the host itself. */
const HOST_GATEWAY = 'host-gateway';

/** @param network has the address that `host-gateway` leads to; asked only where that is used */
export function renderHosts(
  hostname: string,
  extra: readonly HostEntry[],
  network: { readonly gateway: string } = { gateway: '127.0.0.1' },
): string {
  const lines = [`127.0.0.1\tlocalhost ${hostname}`, '::1\tlocalhost ip6-localhost ip6-loopback'];
  for (const { host, ip } of extra) lines.push(`${ip === HOST_GATEWAY ? network.gateway : ip}\t${host}`);
  return `${lines.join('\n')}\n`;
}

export interface ResolvConfSources {
  /** /etc/resolv.conf of the host. */
  readonly host: string | undefined;
  /** The one that systemd-resolved keeps with the real servers. */
  readonly systemd: string | undefined;
  /** Takes the place of servers on the host's loopback, which a network of the RUN's own does not reach. */
  readonly forwarder?: string | undefined;
  /** Given for RUNs: these servers and no others. */
  readonly given?: readonly string[] | undefined;
}

/** The host's name servers, never others in their place without being told. */
export function renderResolvConf({ host, systemd, forwarder, given = [] }: ResolvConfSources): string {
  const servers = serversOf(host ?? '');
  const isStub = servers.length === 1 && servers[0] === '127.0.0.53';
  const text = (isStub ? (systemd ?? host) : host) ?? '';
  if (given.length > 0) return withServers(text, () => false, given);
  const hasLocal = serversOf(text).some(isLocal);
  return forwarder !== undefined && (hasLocal || serversOf(text).length === 0)
    ? withServers(text, (server) => !isLocal(server), [forwarder])
    : text;
}

function withServers(text: string, isKept: (server: string) => boolean, more: readonly string[]): string {
  const kept = text.split('\n').filter((line) => line !== '' && serversOf(line).every(isKept));
  return `${[...kept, ...more.map((server) => `nameserver ${server}`)].join('\n')}\n`;
}

function serversOf(text: string): string[] {
  return [...text.matchAll(/^\s*nameserver\s+(\S+)/gm)].map((match) => match[1] ?? '');
}

function isLocal(server: string): boolean {
  return /^127\./.test(server) || server === '::1';
}
