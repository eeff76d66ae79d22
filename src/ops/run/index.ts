import type { LayerRef } from '../../../cache/index.ts';
import { BuildError } from '../../errors.ts';
import type { RunOp, Vertex } from '../../graph/index.ts';
import type { Made, OpRunner, Result, StepContext } from '../../solver/index.ts';
import { stackOf } from '../../solver/index.ts';
import type { Kept, RunLimits, RunReply, RunRequest, WorkerMount } from '../../worker/protocol.ts';
import type { OpDeps } from '../deps.ts';
import { contentIDs, ownLayer } from '../stack-key.ts';
import { bindMount, mountContent } from './binds.ts';
import { attributesOf, type CacheMount, cacheMount } from './caches.ts';
import { privateSurroundings } from './environment.ts';
import { runMaterial } from './key.ts';
import { recallLeaks, rememberLeaks, tellLeaks } from './leaks.ts';

/** RUN: one process on the stack below; what it changed is the layer. */
export function runOp(deps: OpDeps): OpRunner<RunOp> {
  return {
    async prepare(vertex, inputs, step) {
      const below = stackOf(inputs[0]);
      const content = await mountContent(vertex.op, inputs, { deps, signal: step.signal });
      const material = runMaterial(vertex.op, contentIDs(below), content?.digest);
      return {
        kind: 'step',
        keys: [{ hit: 'same', material: () => Promise.resolve(material) }],
        explanation: {
          buildArgs: vertex.origin.buildArgs,
          get files() {
            return content?.files;
          },
        },
        takesSlot: true,
        onMiss: () => deps.startWorker(),
        onHit: (layers) => {
          if (vertex.op.mounts.some(({ type }) => type === 'secret')) recallLeaks(layers, { step, deps });
        },
        run: async () => ({ ...(await runStep({ vertex, inputs, below, step }, deps)), materials: [material] }),
      };
    },
  };
}

interface RunStep {
  readonly vertex: Vertex<RunOp>;
  readonly inputs: readonly Result[];
  readonly below: readonly LayerRef[];
  readonly step: StepContext;
}

async function runStep(run: RunStep, deps: OpDeps): Promise<Omit<Made, 'materials'>> {
  const { vertex, step } = run;
  await deps.assertCanRun(vertex);
  const logFile = deps.logFile(vertex.origin.name);
  step.logsTo(logFile);
  const reply = await runOnWholeLayers(run, { deps, logFile });
  if (reply.outcome === 'exited') for (const { name, ...ago } of reply.phases ?? []) step.tookPlace(name, ago);
  step.signal.throwIfAborted();
  const layer = layerOf(reply, vertex, { logFile, limits: deps.runEnvironment.limits });
  if (reply.outcome === 'exited' && reply.leaks !== undefined) {
    rememberLeaks(reply.leaks, { layer, memo: deps.memo });
    tellLeaks(reply.leaks, step);
  }
  return {
    layer: ownLayer(layer),
    size: layer.size,
    usage: {
      ...(reply.outcome === 'exited' && reply.cpuMs !== undefined ? { cpuMs: reply.cpuMs } : {}),
      ...(reply.outcome === 'exited' && reply.maxRssBytes !== undefined ? { maxRssBytes: reply.maxRssBytes } : {}),
    },
  };
}

/** A layer that turns out to be damaged is brought again, or is lost; each time it may be another one. */
async function runOnWholeLayers(run: RunStep, how: { deps: OpDeps; logFile: string }): Promise<RunReply> {
  const { vertex } = run;
  const { signal, output: onOutput } = run.step;
  for (let left = run.below.length; ; left -= 1) {
    const request = await runRequest(run, how);
    try {
      return await how.deps.run(request, { signal, onOutput, vertex });
    } catch (error) {
      if (left === 0 || !(error instanceof BuildError) || error.code !== 'layer-damaged') throw error;
    }
  }
}

function layerOf(
  reply: RunReply,
  { op, origin }: Vertex<RunOp>,
  { logFile, limits }: { logFile: string; limits: RunLimits | undefined },
) {
  if (reply.outcome === 'exited' && reply.exitCode === 0 && reply.layer !== undefined) return reply.layer;
  const command = commandText(op);
  if (reply.outcome === 'killed') {
    throw new BuildError(
      'run-failed',
      `process "${command}" ${reply.isTooLate === true ? 'was killed: it took longer than --step-timeout' : 'was killed'}`,
      { range: origin.range, hint: hintFor(0, { logFile, kept: reply.kept }) },
    );
  }
  throw new BuildError(
    'run-failed',
    `process "${command}" did not complete successfully: exit code: ${reply.exitCode}${memoryWords(reply, limits) ?? words(reply.exitCode)}`,
    {
      range: origin.range,
      hint: hintFor(reply.exitCode, { logFile, kept: reply.kept, caches: closedCaches(op) }),
    },
  );
}

async function runRequest(
  { vertex, inputs, below, step }: RunStep,
  { deps, logFile }: { deps: OpDeps; logFile: string },
): Promise<RunRequest> {
  const { op, digest } = vertex;
  await step.timed('layers', () => deps.ensureLayers(below, { signal: step.signal }));
  const hidden = await privateSurroundings(op, deps.runEnvironment);
  const mounts = [...(await declaredMounts(op, inputs, { deps, signal: step.signal })), ...hidden.mounts];
  return {
    id: digest.slice('sha256:'.length, 'sha256:'.length + 16),
    name: vertex.origin.name,
    stack: below.map((layer) => layer.diffID),
    process: { argv: op.argv, env: op.env, privateEnv: hidden.env, cwd: op.cwd, user: op.user },
    hostname: op.hostname,
    network: op.network,
    security: op.security,
    mounts,
    secrets: hidden.secrets,
    secretLeak: deps.runEnvironment.secretLeak,
    extraHosts: op.extraHosts,
    dns: deps.runEnvironment.dns,
    limits: deps.runEnvironment.limits,
    devices: op.devices,
    ulimits: op.ulimits,
    shmSizeBytes: op.shmSizeBytes,
    logFile,
    runtime: deps.runEnvironment.runtime,
    epoch: op.epoch,
  };
}

/** Mounts in the order the Dockerfile gives them, but for secrets and agents, whose content is not declared. */
async function declaredMounts(
  op: RunOp,
  inputs: readonly Result[],
  context: { deps: OpDeps; signal: AbortSignal },
): Promise<WorkerMount[]> {
  const mounts: WorkerMount[] = [];
  for (const mount of op.mounts) {
    if (mount.type === 'bind') mounts.push(await bindMount(mount, inputs, context));
    if (mount.type === 'tmpfs') mounts.push(mount);
    if (mount.type === 'cache') mounts.push(await cacheMount(mount, inputs, context));
  }
  if (op.script !== undefined) mounts.push(scriptMount(op.script));
  return mounts;
}

function scriptMount({ name, content }: { name: string; content: string }): WorkerMount {
  return {
    type: 'file',
    content: Buffer.from(content, 'utf8').toString('base64'),
    target: `/dev/pipes/${name}`,
    mode: 0o755,
    uid: 0,
    gid: 0,
  };
}

function commandText(op: RunOp): string {
  return op.argv.join(' ');
}

const SIGNAL_BASE = 128;
const SIGNALS: Readonly<Record<number, string>> = {
  6: 'SIGABRT',
  9: 'SIGKILL',
  11: 'SIGSEGV',
  13: 'SIGPIPE',
  15: 'SIGTERM',
};

function words(exitCode: number): string {
  const signal = exitCode > SIGNAL_BASE ? SIGNALS[exitCode - SIGNAL_BASE] : undefined;
  return signal === undefined ? '' : ` (killed by ${signal})`;
}

const MIB = 1024 * 1024;

function memoryWords(
  reply: Extract<RunReply, { outcome: 'exited' }>,
  limits: RunLimits | undefined,
): string | undefined {
  if (reply.isOutOfMemory !== true) return undefined;
  const peak = reply.maxRssBytes === undefined ? '' : `, peak ${Math.round(reply.maxRssBytes / MIB)} MiB`;
  const limit = limits?.memoryBytes === undefined ? '' : ` of ${Math.round(limits.memoryBytes / MIB)} MiB`;
  return ` (killed: out of memory${peak}${limit})`;
}

const ROOT: readonly string[] = ['', '0', 'root'];
const GROUP_WRITES = 0o020;
const OTHERS_WRITE = 0o002;

/** Cache mounts that are root's, as they are unless told otherwise, in a RUN of somebody else. */
function closedCaches({ mounts, user }: RunOp): string | undefined {
  const [name = ''] = user.split(':');
  if (ROOT.includes(name)) return undefined;
  const closed = mounts.filter((mount) => mount.type === 'cache' && !mount.readOnly && isRootsAlone(mount));
  if (closed.length === 0) return undefined;
  const uid = /^\d+$/.test(name) ? name : '<its number>';
  const places = closed.map(({ target }) => target).join(' and ');
  return `user ${name} may not write to the cache at ${places}, which is root's: --mount=type=cache,uid=${uid},… gives it to the user`;
}

function isRootsAlone(mount: CacheMount): boolean {
  const { uid, gid, mode } = attributesOf(mount);
  return uid === 0 && (mode & OTHERS_WRITE) === 0 && (gid === 0 || (mode & GROUP_WRITES) === 0);
}

interface FailureFacts {
  readonly logFile: string;
  readonly kept: Kept | undefined;
  readonly caches?: string | undefined;
}

function hintFor(exitCode: number, { logFile, kept, caches }: FailureFacts): string {
  const parts = [`the whole output is in ${logFile}`];
  if (caches !== undefined) parts.unshift(caches);
  if (exitCode === 127) parts.unshift('the command was not found in the image');
  if (exitCode === 126) parts.unshift('the command is there but cannot be executed');
  if (kept !== undefined)
    parts.push('id' in kept ? `what it wrote is kept as ${kept.id}` : `what it wrote is not kept: ${kept.reason}`);
  return parts.join('; ');
}
