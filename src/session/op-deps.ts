import { dirname } from 'node:path';
import { type LayerRef, parseDigest, type Root } from '../../cache/index.ts';
import type { BuildOptions } from '../build-options.ts';
import type { OpDeps, RunEnvironment } from '../ops/index.ts';
import { httpTree } from '../sources/http/index.ts';
import type { Contexts } from './contexts.ts';
import { emulationDeps, makeAssertCanEmulate } from './emulation.ts';
import { filter } from './filter.ts';
import type { LayerSupply } from './layer-supply.ts';
import { makeLogFiles } from './log-files.ts';
import { assertCanRun } from './preflight.ts';
import { type ExportedLayers, makePublishLayer } from './publish-layer.ts';
import type { RemoteDeps } from './remote-context.ts';
import { readSecret } from './secrets.ts';
import type { SshAgents } from './ssh-agents.ts';
import { bringStackTree, openStackTree } from './stacks.ts';
import type { WorkerHolder } from './worker.ts';

export interface OpDepsParts {
  readonly root: Root;
  readonly options: BuildOptions;
  readonly contexts: Contexts;
  readonly layers: LayerSupply;
  readonly worker: WorkerHolder;
  readonly remote: Pick<RemoteDeps, 'fetchFile' | 'gitLayer'>;
  readonly signal: AbortSignal;
  readonly exported: ExportedLayers;
  readonly agents: SshAgents;
  /** Filled once the Dockerfile is lowered. */
  readonly proxies: { readonly env: readonly string[] };
}

/** The session as the ops see it. */
export function makeOpDeps(parts: OpDepsParts): OpDeps {
  const { root, contexts, layers, worker, remote, exported } = parts;
  const ensure = (refs: readonly LayerRef[], options: { signal: AbortSignal }) =>
    Promise.all(refs.map((ref) => layers.ensureLayer(ref, options)));
  return {
    async ensureLayers(refs, options) {
      await Promise.all(
        refs.map(async (ref) => {
          if (await layers.ensureLayer(ref, options)) worker.makeAhead(ref.diffID);
        }),
      );
    },
    context: (name) => contexts.open(name),
    openStack: (refs, options) => bringStackTree(root, refs, () => ensure(refs, options)),
    openStackIfHere: (refs) =>
      refs.every((ref) => root.layers.isTarIntact(ref.diffID)) ? openStackTree(root, refs) : undefined,
    publishLayer: makePublishLayer(root, exported),
    assertCanRun: makeAssertCanRun(parts),
    startWorker: () => worker.start(),
    async run(request, { vertex, ...options }) {
      const early = exported.earlyChunks(vertex, root);
      const reply = await worker.run({ ...request, earlyChunks: early }, options);
      if (early !== undefined && reply.outcome === 'exited' && reply.layer !== undefined)
        exported.keepChunks(reply.layer.diffID, early);
      return reply;
    },
    logFile: makeLogFiles(root),
    async fetchUrl(url, { checksum, signal }) {
      const file = await remote.fetchFile(url, {
        checksum: checksum === undefined ? undefined : parseDigest(checksum),
        signal,
      });
      return httpTree(file);
    },
    gitLayer: remote.gitLayer,
    memo: root.memo,
    tempDir: dirname(root.tempPath('spool')),
    filter,
    runEnvironment: runEnvironment(parts),
  };
}

function makeAssertCanRun({ root, options, signal }: OpDepsParts): OpDeps['assertCanRun'] {
  const assertCanEmulate = makeAssertCanEmulate(emulationDeps(root, { signal }));
  let isAsked = false;
  return async (vertex) => {
    if (!isAsked) assertCanRun(options);
    isAsked = true;
    await assertCanEmulate(vertex);
  };
}

function runEnvironment({ options, agents, proxies }: OpDepsParts): RunEnvironment {
  return {
    secret: (id) => readSecret(id, options.secrets),
    sshSocket: agents.path,
    get proxyEnv() {
      return proxies.env;
    },
    caFile: options.caFile,
    runtime: options.runtime,
    dns: options.dns,
    limits: options.runLimits,
    secretLeak: options.secretLeak,
  };
}
