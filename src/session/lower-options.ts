import type { BuildOptions } from '../build-options.ts';
import type { LowerOptions, NamedContext } from '../frontend/index.ts';
import type { Session } from './session.ts';

/** What the frontend may know of the options: no paths, no secrets. */
export function lowerOptions(options: BuildOptions, session: Pick<Session, 'ignoreRules'>): LowerOptions {
  return {
    buildArgs: options.buildArgs,
    target: options.target,
    platform: options.platform,
    buildPlatform: options.buildPlatform,
    labels: options.labels,
    contexts: new Map([...options.contexts].map(([name, value]) => [name, namedContext(value)])),
    noCache: options.noCache,
    noCacheFilter: options.noCacheFilter,
    network: options.network,
    allow: options.allow,
    devices: options.devices,
    extraHosts: options.extraHosts,
    ulimits: options.ulimits,
    shmSizeBytes: options.shmSizeBytes,
    hostname: 'buildkitsandbox',
    checkRules: options.checkRules,
    ignorePatterns: session.ignoreRules,
  };
}

function namedContext(value: string): NamedContext {
  return isImageContext(value) ? { kind: 'image', name: value } : { kind: 'directory' };
}

export function isImageContext(value: string): boolean {
  return /^(docker-image|oci-layout):\/\//.test(value);
}
