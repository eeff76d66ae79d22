import { networkInterfaces } from 'node:os';
import type { Uplink, UplinkOptions } from './uplink.ts';
import { networkWays, type Way } from './ways.ts';

/** One way for a RUN to reach, or not to reach, the world. Disposing it gives it back. */
export interface Network extends AsyncDisposable {
  readonly kind: 'own' | 'none' | 'host';
  /** Of a network namespace that is there already; else the runtime makes an empty one, or the host's is shared. */
  readonly namespacePath?: string | undefined;
  /** Answers in place of name servers that listen on the host's loopback; absent when those can be reached, or nothing can. */
  readonly nameServer?: string | undefined;
  /** Where `host-gateway` leads. */
  readonly gateway: string;
}

export interface Networks extends AsyncDisposable {
  take(request: NetworkRequest): Promise<Network>;
}

export interface NetworkRequest {
  readonly mode: 'default' | 'none' | 'host';
  /** The RUN may change its network: nobody takes it over. */
  readonly isPrivileged: boolean;
  readonly signal: AbortSignal;
}

export interface NetworksOptions {
  readonly searchPath: string;
  /** On a tmpfs of the worker's own. */
  readonly runDir: string;
  /** Says why RUNs have the host's network; once. */
  readonly note: (message: string) => void;
}

/**
 * The networks of a worker's RUNs. A RUN has one of its own for as long as it runs; the next one takes over the same, so that only the
 * first of a build waits for it. Where none can be made RUNs have the host's.
 */
export function openNetworks({ searchPath, runDir, note }: NetworksOptions): Networks {
  const free: Uplink[] = [];
  const all = new Set<Uplink>();
  const ways = networkWays(searchPath);
  let obstacle = typeof ways === 'string' ? ways : undefined;
  let isSaid = false;
  const fallBack = (): Network => {
    if (!isSaid) note(`RUNs share the host's network: ${obstacle ?? 'unknown'}`);
    isSaid = true;
    return HOST;
  };
  const own = async ({ isPrivileged, signal }: NetworkRequest): Promise<Network> => {
    if (obstacle !== undefined) return fallBack();
    const uplink = free.pop() ?? (await openFirst(ways, { searchPath, runDir, signal }));
    if (typeof uplink === 'string') {
      // Nothing was found out by one that was not let finish.
      if (!signal.aborted) obstacle = uplink;
      return fallBack();
    }
    all.add(uplink);
    return ownNetwork(uplink, () => {
      if (isPrivileged) uplink.end();
      else if (uplink.isAlive()) free.push(uplink);
    });
  };
  return {
    async take(request) {
      if (request.mode === 'none') return NONE;
      return request.mode === 'host' ? HOST : own(request);
    },
    async [Symbol.asyncDispose]() {
      for (const uplink of all) uplink.end();
    },
  };
}

/** Or why none of them works: what the first one said. */
async function openFirst(ways: readonly Way[] | string, options: UplinkOptions): Promise<Uplink | string> {
  if (typeof ways === 'string') return ways;
  let failure: string | undefined;
  for (const way of ways) {
    const opened = await way.open(options);
    if (typeof opened !== 'string') return opened;
    failure ??= opened;
  }
  return failure ?? 'unknown';
}

function ownNetwork(uplink: Uplink, giveBack: () => void): Network {
  return {
    kind: 'own',
    namespacePath: uplink.namespacePath,
    nameServer: uplink.nameServer,
    // Asked for by few.
    get gateway() {
      return hostAddress() ?? uplink.gateway;
    },
    async [Symbol.asyncDispose]() {
      giveBack();
    },
  };
}

/** An address of the host that is not loopback: a RUN reaches there what listens on all interfaces. */
function hostAddress(): string | undefined {
  const addresses = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
  return addresses.find(({ family, internal }) => family === 'IPv4' && !internal)?.address;
}

const LOOPBACK = '127.0.0.1';
const nothing = async (): Promise<void> => undefined;
/** An empty namespace; runc makes it and brings its loopback device up. */
const NONE: Network = { kind: 'none', gateway: LOOPBACK, [Symbol.asyncDispose]: nothing };
const HOST: Network = { kind: 'host', gateway: LOOPBACK, [Symbol.asyncDispose]: nothing };
