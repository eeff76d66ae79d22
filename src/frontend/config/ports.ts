import { BuildError } from '../../errors.ts';
import { COMMENT_HINT } from '../comment-hint.ts';

/** `[ip:][hostport[-hostport]:]port[-port][/proto]` by its parts, as written; '' for one that is not there. */
export interface PortSpec {
  readonly text: string;
  readonly ip: string;
  readonly hostPort: string;
  readonly port: string;
  readonly protocol: string;
}

/** @throws BuildError instruction-invalid, when there is no port or the protocol is none. */
export function splitPort(text: string): PortSpec {
  const parts = text.split(':');
  const last = parts.pop() ?? '';
  const hostPort = parts.pop() ?? '';
  const ip = parts.join(':');
  const slash = last.indexOf('/');
  const port = slash < 0 ? last : last.slice(0, slash);
  const protocol = slash < 0 ? '' : last.slice(slash + 1);
  if (port === '') throw invalid(`no port specified: ${text}`);
  if (!PROTOCOLS.has(protocol.toLowerCase())) throw invalid(`invalid proto: ${protocol}`);
  return { text, ip, hostPort, port, protocol };
}

/**
 * As `port/proto`, ranges spelled out, in order, duplicates kept.
 * @throws BuildError instruction-invalid
 */
export function exposedPorts({ ip, hostPort, port, protocol }: PortSpec): readonly string[] {
  const address = ip.replace(/^\[(.*)\]$/, '$1');
  if (address !== '' && !isAddress(address)) throw invalid(`invalid IP address: ${ip}`);
  const range = portRange(port);
  if (range === undefined) throw invalid(`invalid containerPort: ${port}, no port or range of ports`);
  if (hostPort !== '') assertHostRange(hostPort, port, range);
  const [start, end] = range;
  const suffix = protocol.toLowerCase() || 'tcp';
  return Array.from({ length: end - start + 1 }, (_, index) => `${start + index}/${suffix}`);
}

const PROTOCOLS = new Set(['', 'tcp', 'udp', 'sctp']);
const MAX_PORT = 65_535;

function portRange(text: string): readonly [number, number] | undefined {
  const match = /^(\+?\d+)(?:-(\+?\d+))?$/.exec(text);
  if (match === null) return undefined;
  const start = Number(match[1]);
  const end = match[2] === undefined ? start : Number(match[2]);
  return end >= start && end <= MAX_PORT ? [start, end] : undefined;
}

/** A range of host ports may stand before one port, or before a range as long. */
function assertHostRange(hostPort: string, port: string, [start, end]: readonly [number, number]): void {
  const host = portRange(hostPort);
  if (host === undefined) throw invalid(`invalid hostPort: ${hostPort}`);
  if (start !== end && end - start !== host[1] - host[0]) {
    throw invalid(`invalid ranges specified for container and host Ports: ${port} and ${hostPort}`);
  }
}

/** IPv4 in dots, or IPv6. */
function isAddress(ip: string): boolean {
  if (/^(?:(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)(?:\.(?!$)|$)){4}$/.test(ip)) return true;
  return ip.includes(':') && URL.canParse(`http://[${ip}]/`);
}

function invalid(message: string): BuildError {
  return new BuildError('instruction-invalid', message, {
    hint: message.includes('#')
      ? COMMENT_HINT
      : 'write PORT, PORT/udp or FIRST-LAST/tcp, with ports from 0 to 65535 and tcp, udp or sctp',
  });
}
