import { readFileSync } from 'node:fs';
import { BuildError } from '../../errors.ts';
import { isLoopback } from '../../host/net/index.ts';
import type { RegistryConfig, RegistryEntry } from './config.ts';

/** One address that may answer for a registry. */
export interface Endpoint {
  /** `https://registry-1.docker.io`: its origin. */
  readonly base: string;
  /** What a mirror puts before the names of repositories: `docker-hub/`; else nothing. */
  readonly prefix: string;
  /** As in messages and credentials. */
  readonly host: string;
  readonly isMirror: boolean;
  readonly insecure: boolean;
  readonly ca: string | undefined;
}

const DOCKER_HUB = 'registry-1.docker.io';
const DOCKER_HUB_NAMES = new Set(['docker.io', 'index.docker.io', DOCKER_HUB]);

/** `index.docker.io` and the like are docker.io. */
export function canonicalHost(host: string): string {
  return DOCKER_HUB_NAMES.has(host.toLowerCase()) ? 'docker.io' : host.toLowerCase();
}

/** Where to ask for a registry's images: its mirrors, then itself; plain http only for loopback and where the config allows it. */
export function endpointsOf(registry: string, config: RegistryConfig): readonly Endpoint[] {
  const entry = entryOf(registry, config);
  const mirrors = (entry.mirrors ?? []).flatMap((mirror) =>
    endpointsAt(mirror, { isMirror: true, entry: entryOf(hostOf(mirror), config) }),
  );
  const own = registry === 'docker.io' ? DOCKER_HUB : registry;
  return [...mirrors, ...endpointsAt(own, { isMirror: false, entry })];
}

function entryOf(host: string, config: RegistryConfig): RegistryEntry {
  const canonical = canonicalHost(host);
  return Object.entries(config.registries).find(([name]) => canonicalHost(name) === canonical)?.[1] ?? {};
}

function hostOf(address: string): string {
  return address.replace(/^https?:\/\//i, '').replace(/\/.*$/, '');
}

function endpointsAt(address: string, { isMirror, entry }: { isMirror: boolean; entry: RegistryEntry }): Endpoint[] {
  const scheme = /^(https?):\/\//i.exec(address)?.[1]?.toLowerCase();
  const host = hostOf(address);
  const path = address.replace(/^(https?:\/\/)?[^/]*\/*/i, '').replace(/\/+$/, '');
  const prefix = path === '' ? '' : `${path}/`;
  const isOpen = entry.insecure === true || isLoopback(host.replace(/:\d+$/, '').replace(/^\[|\]$/g, ''));
  const schemes = scheme === undefined ? (isOpen ? ['https', 'http'] : ['https']) : [scheme];
  const ca = entry.ca === undefined ? undefined : readAuthority(entry.ca, host);
  return schemes.map((each) => ({ base: `${each}://${host}`, prefix, host, isMirror, insecure: isOpen, ca }));
}

function readAuthority(file: string, host: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new BuildError('config-invalid', `the CA of ${host}, ${file}, cannot be read`, { cause: error });
  }
}
