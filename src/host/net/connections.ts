import type * as Tls from 'node:tls';
import type { Dispatcher } from 'undici';
import { machineAuthorities } from './authorities.ts';
import { type ProxyEnv, proxyFor } from './proxy.ts';

const CONNECT_MS = 10_000;
const HEADERS_MS = 30_000;
const BODY_IDLE_MS = 60_000;
const PER_HOST = 8;

export interface Trust {
  readonly insecure: boolean;
  /** PEM certificates trusted beside the usual ones. */
  readonly ca: readonly string[];
}

export interface Connection {
  readonly dispatcher: Dispatcher;
  /** `proxy.example:3128`, for messages. */
  readonly proxy: string | undefined;
}

/** Keeps connections alive between requests: one pool for each proxy and trust. Loads undici with the first one. */
export class Connections {
  readonly #env: ProxyEnv;
  /** Hosts whose authority Node does not know. */
  readonly #unknown = new Set<string>();
  #machine: readonly string[] | undefined;
  readonly #pools = new Map<string, Promise<Dispatcher>>();

  constructor(env: ProxyEnv) {
    this.#env = env;
  }

  async for(url: URL, given: Trust): Promise<Connection> {
    const proxy = proxyFor(url, this.#env);
    const trust = this.#unknown.has(url.host) ? { ...given, ca: [...given.ca, ...this.#authorities()] } : given;
    const key = JSON.stringify([proxy?.href ?? '', trust.insecure, trust.ca]);
    const known = this.#pools.get(key);
    const pool = known ?? openPool(proxy, trust);
    if (known === undefined) this.#pools.set(key, pool);
    return { dispatcher: await pool, proxy: proxy?.host };
  }

  /**
   * From now on this machine's own authorities count for the host, too: reading them takes longer than a request, and Node's list
   * is enough for most. @returns whether it is worth asking again
   */
  trustMachine({ host }: URL): boolean {
    if (this.#unknown.has(host) || this.#authorities().length === 0) return false;
    this.#unknown.add(host);
    return true;
  }

  #authorities(): readonly string[] {
    this.#machine ??= machineAuthorities(this.#env);
    return this.#machine;
  }

  async close(): Promise<void> {
    const pools = await Promise.allSettled(this.#pools.values());
    this.#pools.clear();
    await Promise.all(pools.flatMap((pool) => (pool.status === 'fulfilled' ? [pool.value.destroy()] : [])));
  }
}

/** Plain http is forwarded by the proxy, as curl does; proxies often refuse tunnels to port 80. https is tunnelled. */
async function openPool(proxy: URL | undefined, trust: Trust): Promise<Dispatcher> {
  const [{ Agent, ProxyAgent }, tls] = await Promise.all([import('./undici.ts'), import('node:tls')]);
  const connectTls = { timeout: CONNECT_MS, ...tlsOptions(trust, tls) };
  const limits = { headersTimeout: HEADERS_MS, bodyTimeout: BODY_IDLE_MS, connections: PER_HOST };
  if (proxy === undefined) return new Agent({ ...limits, connect: connectTls });
  return new ProxyAgent({
    ...limits,
    uri: proxy.href,
    proxyTunnel: false,
    requestTls: connectTls,
    proxyTls: connectTls,
  });
}

/** One context for all connections of a pool: making one reads every certificate, and where none is checked, there is none to read. */
function tlsOptions(
  { insecure, ca }: Trust,
  tls: typeof Tls,
): { rejectUnauthorized?: boolean; secureContext?: Tls.SecureContext } {
  if (insecure) return { rejectUnauthorized: false, secureContext: tls.createSecureContext({ ca: [] }) };
  return ca.length === 0 ? {} : { secureContext: tls.createSecureContext({ ca: [...usualAuthorities(tls), ...ca] }) };
}

/** Naming any `ca` replaces Node's own list; this is that list, with the system's and NODE_EXTRA_CA_CERTS where Node tells it. */
function usualAuthorities(tls: typeof Tls): readonly string[] {
  const { getCACertificates } = tls as { getCACertificates?: (type: 'default') => string[] };
  return getCACertificates?.('default') ?? tls.rootCertificates;
}
