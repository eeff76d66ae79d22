import type { Root } from '../../cache/index.ts';
import type { BuildOptions } from '../build-options.ts';
import type { Definition } from '../graph/index.ts';
import { type Http, openHttp } from '../host/net/index.ts';
import { removeCgroups } from '../host/sys/index.ts';
import { openNames } from '../image/names/index.ts';
import { makeRunners } from '../ops/index.ts';
import { type Emit, phaseTimer, type Timed } from '../progress/index.ts';
import { openRegistry } from '../sources/registry/index.ts';
import { anySignal } from '../util/any-signal.ts';
import { DisposableStack } from '../util/async-disposable-stack.ts';
import { monotonicMs, nowMs } from '../util/clock.ts';
import type { Worker } from '../worker/client/index.ts';
import { makeBlobsAhead } from './blobs-ahead.ts';
import { contextDate, dateOf } from './context-date.ts';
import { openContexts } from './contexts.ts';
import { openCredentials } from './credentials.ts';
import { makeExportDeps } from './export-deps.ts';
import { makeBlobFetcher } from './fetch-blob.ts';
import { filter } from './filter.ts';
import { ignoredCaches } from './ignored-caches.ts';
import { makeImageResolver } from './image-resolver.ts';
import { makeLayerSupply } from './layer-supply.ts';
import { makeOpDeps } from './op-deps.ts';
import { outputsOf } from './outputs.ts';
import { pastOf } from './past.ts';
import { ExportedLayers } from './publish-layer.ts';
import { readCa } from './read-ca.ts';
import { makeRemoteDeps } from './remote-context.ts';
import type { Session } from './session.ts';
import { openAgents } from './ssh-agents.ts';
import { openStateRoot } from './state-root.ts';
import { tellOfPolicy } from './unread-policy.ts';
import { makeWorkerHolder, type WorkerDeps, type WorkerHolder } from './worker.ts';

/** @throws BuildError root-unusable, agent-unusable, ssh-key-unusable, context-*, dockerfile-missing, ignore-invalid */
export async function openSession(
  options: BuildOptions,
  { signal, emit }: { signal: AbortSignal; emit: Emit },
): Promise<Session> {
  const clock = startClock();
  const timed = phaseTimer({ emit, clock });
  await using owned = new DisposableStack();
  const warn = (message: string): void => emit({ type: 'warning', message });
  const root = owned.use(await openStateRoot(options.rootDir, warn));
  removeCgroupsOf(root.abandonedLeases);
  const http = owned.use(openHttp({ ca: readCa(options.caFile), proxyEnv: options.proxyEnv, userAgent: 'tsbuild' }));
  const agents = owned.use(await openAgents(options.ssh, root));
  const remote = makeRemoteDeps(root, options, { http, agents, signal });
  const contexts = owned.use(await openContexts(options, { root, signal, remote }));
  tellOfPolicy(contexts.dockerfile, warn);
  const registry = registryOf(options, { http, root, signal });
  const names = openNames(root.imagesDir, { now: nowMs, tempPath: (purpose) => root.tempPath(purpose) });
  const fetchBlob = makeBlobFetcher({ root, registry, emit, clock });
  const layers = owned.use(makeLayerSupply({ root, fetchBlob, filter, warn, timed }));
  const start: WorkerDeps['start'] = (needs) =>
    startWorkerOf(root, options, { emit: needs.emit, signal: anySignal([signal, needs.signal]), timed });
  const exported = owned.use(new ExportedLayers(outputsOf(options)));
  const worker = owned.use(makeWorkerHolder({ leftovers: root.leftovers, start, emit }));
  const place = `${contexts.dir} ${contexts.dockerfile.file}`;
  const past = pastOf(place, contexts.dockerfile.text, root.memo);
  if (past.expectsRuns(options)) worker.startAhead();
  const proxies: { env: readonly string[] } = { env: [] };
  const deps = makeOpDeps({ root, options, contexts, layers, worker, remote, agents, proxies, signal, exported });
  const exportDeps = makeExportDeps({ root, layers, deps, exported, registry, options, warn, timed });
  const blobsAhead = owned.use(makeBlobsAhead(outputsOf(options), exportDeps, { signal }));
  const resources = owned.move();
  emit({ type: 'phase', name: 'open', startedMs: 0, atMs: clock.elapsedMs() });
  return {
    ...{ root, names, clock },
    dockerfile: contexts.dockerfile,
    ignoreRules: contexts.ignoreRules,
    place,
    resolver: makeImageResolver({ root, names, registry, pull: options.pull, emit }),
    runners: makeRunners(deps),
    assertCanRun: deps.assertCanRun,
    mainContext: () => contexts.open(''),
    commitDate: () => contextDate(options, remote),
    dateOf: (source) => dateOf(source, options, remote),
    exportDeps,
    layerIsMade(vertex, layer) {
      if (exported.has(vertex)) blobsAhead.add(layer);
    },
    stepsAreSolved() {
      worker.dismiss();
      past.remember();
      blobsAhead.stop();
    },
    useProxies(env) {
      proxies.env = env;
    },
    aimAt: (definition) => aimAt(definition, { exported, worker, options }),
    [Symbol.asyncDispose]: () => timed({ name: 'close' }, () => resources[Symbol.asyncDispose]()),
  };
}

function registryOf(options: BuildOptions, { http, root, signal }: { http: Http; root: Root; signal: AbortSignal }) {
  const { registryConfig: config } = options;
  const credentials = openCredentials(options, { signal });
  return openRegistry({ http, content: root.content, config, credentials, now: nowMs });
}

/** Counts from now. */
function startClock(): Session['clock'] {
  const startedMs = monotonicMs();
  return { nowMs, elapsedMs: () => monotonicMs() - startedMs };
}

function aimAt(
  definition: Definition,
  { exported, worker, options }: { exported: ExportedLayers; worker: WorkerHolder; options: BuildOptions },
): void {
  exported.aimAt(definition);
  // A build that keeps nothing takes nothing away.
  if (options.keepsNoRecord !== true) worker.retire(ignoredCaches(definition));
}

async function startWorkerOf(
  { dir, lease, leftovers }: Root,
  { workerScript, workerEnv, lower }: BuildOptions,
  { signal, emit, timed }: { signal: AbortSignal; emit: Emit; timed: Timed },
): Promise<Worker> {
  const { startWorker } = await import('../worker/client/index.ts');
  const onWarning = (message: string): void => emit({ type: 'warning', message });
  const started = await timed({ name: 'start-worker' }, () =>
    startWorker({
      ...{ rootDir: dir, lease, scriptPath: workerScript, env: workerEnv, signal, lower, onWarning },
      onNote: (message) => emit({ type: 'note', message }),
    }),
  );
  if (leftovers.length > 0)
    await started.remove(leftovers).catch((error: unknown) => onWarning((error as Error).message));
  return started;
}

/** What builds that were killed have left; an ordinary user's cgroups are not ours to make. */
function removeCgroupsOf(leases: readonly string[]): void {
  if (leases.length === 0) return;
  removeCgroups(({ name }) => leases.some((lease) => name.startsWith(`tsbuild-${lease}-`)));
}
