import { isIP } from 'node:net';
import { BuildError } from '../errors.ts';
import { splitCsv } from '../util/csv.ts';
import type { LowerChoice } from '../worker/protocol.ts';

/** Values of options, as text → what they mean. Each throws BuildError usage that names the option. */

export function keyValue(option: string, text: string): [string, string] {
  const equals = text.indexOf('=');
  if (equals <= 0) throw usage(option, text, 'NAME=VALUE');
  return [text.slice(0, equals), text.slice(equals + 1)];
}

/** `K=V`, or `K` alone: its value in the environment, nothing when it has none there. */
export function buildArg(
  text: string,
  env: { readonly [name: string]: string | undefined },
): [string, string] | undefined {
  const equals = text.indexOf('=');
  if (equals === 0 || text === '') throw emptyKey('--build-arg', text);
  if (equals > 0) return [text.slice(0, equals), text.slice(equals + 1)];
  const value = env[text];
  return value === undefined ? undefined : [text, value];
}

/** `K=V`; `K` alone is `K=`. */
export function label(text: string): [string, string] {
  const equals = text.indexOf('=');
  if (equals === 0 || text === '') throw emptyKey('--label', text);
  return equals < 0 ? [text, ''] : [text.slice(0, equals), text.slice(equals + 1)];
}

/** `NAME=VALUE`; what a name may be is for the frontend to say. */
export function buildContext(text: string): [string, string] {
  const [name, value] = keyValue('--build-context', text);
  if (value === '')
    throw usage('--build-context', text, 'NAME=VALUE: a path, a URL, docker-image://REF or oci-layout://DIR');
  return [name, value];
}

function emptyKey(option: string, text: string): BuildError {
  return new BuildError('usage', `${option}: invalid key-value pair ${JSON.stringify(text)}: empty key`, {
    hint: 'it takes NAME=VALUE',
  });
}

/** `id=x,src=FILE`, `id=x,env=NAME`, `id=x`: one line of CSV; keys in any case, of which the last counts; unknown ones are refused. */
export function pairs(option: string, text: string, known: readonly string[]): Map<string, string> {
  const found = new Map<string, string>();
  const fields = splitCsv(text);
  if (fields === undefined) throw usage(option, text, 'KEY=VALUE,KEY=VALUE; quotes stand around a whole field');
  for (const field of fields) {
    if (!/^[^=]/.test(field) || !field.includes('='))
      throw usage(option, text, `KEY=VALUE,KEY=VALUE; the keys are ${known.join(', ')}`);
    const [written, value] = keyValue(option, field);
    const key = written.toLowerCase();
    if (!known.includes(key))
      throw new BuildError('usage', `${option} does not know ${JSON.stringify(key)}`, {
        hint: `it takes ${known.join(', ')}`,
      });
    found.set(key, value);
  }
  return found;
}

/**
 * `host:ip`, `host=ip`, `host=[v6]`, `host=host-gateway`, several of them with commas between; `"host=ip,ip"` in quotes has an entry
 * for each address.
 */
export function extraHosts(text: string): { host: string; ip: string }[] {
  if (text === '') return [];
  const hosts = splitCsv(text);
  if (hosts === undefined) throw usage('--add-host', text, 'HOST:IP; quotes stand around a whole HOST=IP,IP');
  return hosts.flatMap(extraHost);
}

function extraHost(text: string): { host: string; ip: string }[] {
  const at = text.indexOf(text.includes('=') ? '=' : ':');
  const host = text.slice(0, Math.max(at, 0));
  const address = text.slice(at + 1);
  const isGateway = address === 'host-gateway';
  const ips = isGateway ? [address] : address.split(',').map((ip) => ip.replace(/^\[(.+)\]$/, '$1'));
  if (host === '' || !(isGateway || ips.every(isAddress)))
    throw new BuildError('usage', `--add-host: invalid host ${text}`, {
      hint: 'it takes HOST=IP, HOST:IP or HOST=host-gateway; several addresses in quotes: \'"HOST=IP,IP"\'',
    });
  return ips.map((ip) => ({ host, ip }));
}

/** Without a zone, which names an interface of this machine. */
function isAddress(text: string): boolean {
  return isIP(text) !== 0 && !text.includes('%');
}

export function nameServer(text: string): string {
  if (isIP(text) === 0) throw usage('--dns', text, 'an IP address');
  return text;
}

const ULIMITS = 'core cpu data fsize locks memlock msgqueue nice nofile nproc rss rtprio rttime sigpending stack'.split(
  ' ',
);

/** `nofile=1024:2048`; -1 and `infinity` are no limit. */
export function ulimit(text: string): { name: string; soft: number; hard: number } {
  const match = /^([^=]+)=([^:]+)(?::([^:]+))?$/.exec(text);
  const [, name = '', first = '', second = first] = match ?? [];
  const [soft, hard] = [limit(first), limit(second)];
  if (soft === undefined || hard === undefined) throw usage('--ulimit', text, 'NAME=SOFT[:HARD]');
  if (!ULIMITS.includes(name))
    throw new BuildError('usage', `--ulimit: invalid ulimit type: ${name}`, { hint: `it takes ${ULIMITS.join(', ')}` });
  if (hard !== -1 && (soft === -1 || soft > hard))
    throw new BuildError('usage', `--ulimit ${text}: the soft limit is above the hard one`, {
      hint: 'write NAME=SOFT:HARD, such as nofile=1024:2048',
    });
  return { name, soft, hard };
}

function limit(text: string): number | undefined {
  if (text === 'infinity') return -1;
  return /^[-+]?\d+$/.test(text) ? Number(text) : undefined;
}

const UNITS: Readonly<Record<string, number>> = { '': 1, b: 1, k: 1024, m: 1024 ** 2, g: 1024 ** 3, t: 1024 ** 4 };

/** `64m`, `1gb`, `512`: binary units, as docker reads them. */
export function byteSize(option: string, text: string): number {
  const match = /^(\d+(?:\.\d+)?)\s*([kmgt]?)(i?b)?$/i.exec(text);
  const unit = UNITS[match?.[2]?.toLowerCase() ?? 'x'];
  if (match?.[1] === undefined || unit === undefined) throw usage(option, text, 'a size such as 64m');
  return Math.floor(Number(match[1]) * unit);
}

const DURATION_MS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

/** `90s`, `10m`, `1.5h`; at most 24 days, which is what a timer takes. */
export function duration(option: string, text: string): number {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h)$/.exec(text);
  const ms = Number(match?.[1]) * (DURATION_MS[match?.[2] ?? ''] ?? Number.NaN);
  if (!(ms >= 1 && ms < 2 ** 31)) throw usage(option, text, 'a time such as 90s, 10m or 1h');
  return Math.floor(ms);
}

const UNIT_MS: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** `24h`, `1h30m`, `7d`: how long ago, in milliseconds. */
export function age(option: string, text: string): number {
  if (!/^(\d+(\.\d+)?[smhd])+$/.test(text)) throw usage(option, text, 'a time such as 24h, 1h30m or 7d');
  const parts = [...text.matchAll(/(\d+(?:\.\d+)?)([smhd])/g)];
  return parts.reduce((sum, [, count, unit]) => sum + Number(count) * (UNIT_MS[unit ?? ''] ?? 0), 0);
}

export function processors(text: string): number {
  const count = /^\d+(\.\d+)?$/.test(text) ? Number(text) : Number.NaN;
  if (!(count >= 0.01 && count <= 10_000)) throw usage('--cpus', text, 'a number of processors such as 1.5');
  return count;
}

export function positiveInteger(option: string, text: string): number {
  if (!/^[1-9]\d{0,5}$/.test(text)) throw usage(option, text, 'a whole number from 1 to 999999');
  return Number(text);
}

export function oneOf<T extends string>(option: string, text: string, choices: readonly T[]): T {
  const found = choices.find((choice) => choice === text);
  if (found === undefined) throw usage(option, text, choices.join(', '));
  return found;
}

export function usage(option: string, text: string, wanted: string): BuildError {
  return new BuildError('usage', `${option} ${JSON.stringify(text)} is not understood`, { hint: `it takes ${wanted}` });
}

export function lowerChoice(text: string): LowerChoice {
  return oneOf('--lower', text, ['auto', 'erofs', 'directory', 'copy']);
}
