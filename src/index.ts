import { availableParallelism } from 'node:os';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type BuildOutcome, build } from './build.ts';
import type { BuildOptions } from './build-options.ts';
import {
  type CallDeps,
  type CheckResult,
  check as checkWith,
  type OutlineResult,
  outline as outlineWith,
  type TargetsResult,
  targets as targetsWith,
} from './check.ts';
import { hostPlatform } from './image/oci/index.ts';
import type { BuildEvent } from './progress/index.ts';
import { anySignal } from './util/any-signal.ts';
import { withoutAbsent } from './util/without-absent.ts';

export type { BuildOutcome } from './build.ts';
export type { BuildOptions, SecretSource } from './build-options.ts';
export type { CallDeps, CheckResult, OutlineResult, TargetsResult } from './check.ts';
export { BuildError, CODES, type ErrorCode, type SourceRange } from './errors.ts';
export type * from './frontend/index.ts';
export { parseDockerfile } from './frontend/index.ts';
export type {
  BuildEvent,
  Change,
  HitCode,
  ImageSummary,
  MissCode,
  Reason,
  Report,
  StepInfo,
} from './progress/index.ts';

/** What must be said; everything else has the command line's default. */
export type ImageOptions = Partial<BuildOptions> & Pick<BuildOptions, 'context' | 'rootDir'>;

/**
 * Builds an image as `tsbuild` does: same cache, same outputs, no terminal. Nothing is read from the environment: pass proxies,
 * credentials and build args in.
 *
 * @throws BuildError for everything somebody outside can mend; its code is stable. `cancelled` when `signal` aborts. What `onEvent` throws,
 * which ends the build.
 */
export async function buildImage(
  options: ImageOptions,
  { signal, onEvent = ignore }: { signal: AbortSignal; onEvent?: (event: BuildEvent) => void },
): Promise<BuildOutcome> {
  const listener = new AbortController();
  const emit = (event: BuildEvent): void => {
    if (listener.signal.aborted) return;
    try {
      onEvent(event);
    } catch (error) {
      listener.abort(error);
    }
  };
  try {
    return await build(withDefaults(options), { signal: anySignal([signal, listener.signal]), emit });
  } finally {
    listener.signal.throwIfAborted();
  }
}

/**
 * What `tsbuild --check` finds: a Dockerfile with errors is a result, not an exception. Nothing is run or written.
 *
 * @throws BuildError when there is no Dockerfile to read; `cancelled` when `signal` aborts.
 */
export function check(options: ImageOptions, deps: CallDeps): Promise<CheckResult> {
  return checkWith(withDefaults(options), deps);
}

/** The build arguments, secrets and agents that the target takes. @throws BuildError */
export function outline(options: ImageOptions, deps: CallDeps): Promise<OutlineResult> {
  return outlineWith(withDefaults(options), deps);
}

/** The stages that can be built. @throws BuildError */
export function targets(options: ImageOptions, deps: CallDeps): Promise<TargetsResult> {
  return targetsWith(withDefaults(options), deps);
}

/** An option that is given as undefined is not given. */
function withDefaults({ context, rootDir, ...rest }: ImageOptions): BuildOptions {
  return placed({ ...defaults(), ...withoutAbsent(rest), context, rootDir });
}

/** The command line has its paths absolute before a build is asked for. */
function placed(options: BuildOptions): BuildOptions {
  const { cwd, rootDir, caFile, secrets, ssh } = options;
  const place = (path: string): string => resolve(cwd, path);
  return {
    ...options,
    rootDir: place(rootDir),
    ...(caFile === undefined ? {} : { caFile: place(caFile) }),
    secrets: new Map(
      Array.from(secrets, ([id, source]) => [
        id,
        source.kind === 'file' ? { ...source, path: place(source.path) } : source,
      ]),
    ),
    ssh: new Map(Array.from(ssh, ([id, paths]) => [id, paths.map(place)])),
  };
}

function defaults(): Omit<BuildOptions, 'context' | 'rootDir'> {
  return {
    cwd: process.cwd(),
    tags: [],
    buildArgs: new Map(),
    labels: new Map(),
    buildPlatform: hostPlatform(process.arch),
    contexts: new Map(),
    secrets: new Map(),
    ssh: new Map(),
    noCache: false,
    noCacheFilter: [],
    pull: 'auto',
    network: 'default',
    allow: new Set(),
    extraHosts: [],
    ulimits: [],
    jobs: Math.max(8, 2 * availableParallelism()),
    registryConfig: { registries: {} },
    credentials: new Map(),
    proxyEnv: {},
    workerEnv: { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin' },
    workerScript: fileURLToPath(new URL('./cli/worker.cjs', import.meta.url)),
    stdout: () => Promise.reject(new Error('this build has no standard output; give its outputs a file')),
  };
}

function ignore(): void {}
