import { BlockList, isIP } from 'node:net';

export type ProxyEnv = { readonly [name: string]: string | undefined };

/**
 * The proxy for a URL, as curl and Go choose it: http_proxy, https_proxy, all_proxy (lower case wins), unless no_proxy
 * names the host. Loopback never goes through a proxy.
 */
export function proxyFor(url: URL, env: ProxyEnv): URL | undefined {
  const text = variable(env, url.protocol === 'https:' ? 'https_proxy' : 'http_proxy') ?? variable(env, 'all_proxy');
  if (text === undefined || isLoopback(hostOf(url)) || bypasses(url, variable(env, 'no_proxy') ?? '')) return undefined;
  const withScheme = /^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? text : `http://${text}`;
  if (!URL.canParse(withScheme)) return undefined;
  const proxy = new URL(withScheme);
  return proxy.protocol === 'http:' || proxy.protocol === 'https:' ? proxy : undefined;
}

function variable(env: ProxyEnv, name: string): string | undefined {
  const found = env[name] ?? env[name.toUpperCase()];
  return found === undefined || found.trim() === '' ? undefined : found.trim();
}

function hostOf(url: URL): string {
  return url.hostname.replace(/^\[|\]$/g, '').toLowerCase();
}

export function isLoopback(host: string): boolean {
  return (
    host === 'localhost' ||
    host.endsWith('.localhost') ||
    host === '::1' ||
    (isIP(host) === 4 && host.startsWith('127.'))
  );
}

function bypasses(url: URL, noProxy: string): boolean {
  const port = url.port === '' ? (url.protocol === 'https:' ? '443' : '80') : url.port;
  return noProxy.split(/[\s,]+/).some((rule) => rule !== '' && covers(rule.toLowerCase(), hostOf(url), port));
}

function covers(rule: string, host: string, port: string): boolean {
  if (rule === '*') return true;
  if (rule.includes('/')) return inRange(rule, host);
  const match = /^\[?(.*?)\]?(?::(\d+))?$/.exec(rule);
  const name = isIP(rule) === 6 ? rule : (match?.[1] ?? rule);
  const rulePort = isIP(rule) === 6 ? undefined : match?.[2];
  if (rulePort !== undefined && rulePort !== port) return false;
  const suffix = name.replace(/^\*?\./, '');
  return host === suffix || host.endsWith(`.${suffix}`);
}

/** `10.0.0.0/8` */
function inRange(rule: string, host: string): boolean {
  const [net = '', bits = ''] = rule.split('/');
  const family = isIP(net);
  if (family === 0 || family !== isIP(host) || !/^\d{1,3}$/.test(bits) || Number(bits) > (family === 4 ? 32 : 128))
    return false;
  const list = new BlockList();
  const type = family === 4 ? 'ipv4' : 'ipv6';
  list.addSubnet(net, Number(bits), type);
  return list.check(host, type);
}
