import { BuildError } from '../../errors.ts';
import { findProgram, run as runProgram } from '../../host/process/index.ts';
import { anySignal } from '../../util/any-signal.ts';
import { networkWays } from '../exec/index.ts';
import type {
  RunReply,
  RunRequest,
  WorkerCallName,
  WorkerCalls,
  WorkerProbe,
  WorkerRequestMessage,
  WorkerSetup,
} from '../protocol.ts';
import { childrenCpuMs } from './cpu-time.ts';
import { LayersAhead } from './layers-ahead.ts';
import { takePhases } from './phases.ts';
import { removeBelow } from './remove.ts';
import { retireCaches } from './retire-caches.ts';
import { openRunOutput, type Send } from './run-output.ts';
import { runStep } from './run-step.ts';
import { maskedError, maskedValues } from './secrets.ts';
import { wireError } from './wire-error.ts';
import { openWorkspace, type Workspace } from './workspace.ts';

export interface Server extends AsyncDisposable {
  handle(message: WorkerRequestMessage): Promise<void>;
}

type Handlers = {
  readonly [Name in WorkerCallName]: (request: WorkerCalls[Name]['request']) => Promise<WorkerCalls[Name]['reply']>;
};

/** Answers the front's calls. Disposing it kills what runs and waits until it is tidied up. */
export function makeServer(send: Send): Server {
  const layersAhead = new LayersAhead();
  const runs = new Map<string, { controller: AbortController; ended: Promise<unknown> }>();
  let workspace: Workspace | undefined;
  const opened = (): Workspace => {
    if (workspace === undefined) throw new Error('the worker was not started');
    return workspace;
  };
  const handlers: Handlers = {
    async start(setup: WorkerSetup) {
      const made = openWorkspace(setup, {
        warn: (message) => void send({ type: 'warning', message }),
        note: (message) => void send({ type: 'note', message }),
      });
      workspace = made;
      // What a RUN asks for first, while the front hears that it may ask.
      made.later(() => openedAhead(made));
      return null;
    },
    async run(request: RunRequest) {
      const controller = new AbortController();
      const ended = runOne(request, { workspace: opened(), send, signal: anySignal([controller.signal]) });
      runs.set(request.id, { controller, ended });
      return await ended.finally(() => runs.delete(request.id));
    },
    async ahead({ diffID }) {
      await layersAhead.make(diffID, opened());
      return null;
    },
    async kill({ id }) {
      runs.get(id)?.controller.abort();
      return null;
    },
    async retire({ ids }) {
      retireCaches(ids, opened());
      return null;
    },
    async remove({ paths }) {
      await removeBelow(opened().rootDir, paths);
      return null;
    },
    probe: () => probe(opened()),
  };
  return {
    async handle({ seq, call, request }) {
      try {
        const handler = handlers[call] as (request: unknown) => Promise<unknown>;
        await send({ type: 'reply', seq, reply: await handler(request) });
      } catch (error) {
        await send({ type: 'error', seq, error: wireError(error) });
      }
    },
    async [Symbol.asyncDispose]() {
      for (const { controller } of runs.values()) controller.abort();
      const runsEnd = [...runs.values()].map(({ ended }) => ended);
      await Promise.allSettled([layersAhead[Symbol.asyncDispose](), ...runsEnd]);
      await workspace?.[Symbol.asyncDispose]();
    },
  };
}

/** What stands in the way is told to the RUN that asks. */
function openedAhead(workspace: Workspace): void {
  workspace.runtimes.open('runc').catch(() => undefined);
  try {
    workspace.snapshots();
  } catch {}
}

interface RunContext {
  readonly workspace: Workspace;
  readonly send: Send;
  readonly signal: AbortSignal;
}

async function runOne(request: RunRequest, { workspace, send, signal }: RunContext): Promise<RunReply> {
  const masked = maskedValues(request.secrets ?? []);
  const output = openRunOutput(request.id, { logFile: request.logFile, send, masked });
  const before = childrenCpuMs();
  const timeoutMs = request.limits?.timeoutMs;
  const late = timeoutMs === undefined ? undefined : AbortSignal.timeout(timeoutMs);
  const either = late === undefined ? signal : anySignal([signal, late]);
  const phases = takePhases();
  const killed = (): RunReply => ({ outcome: 'killed', isTooLate: late?.aborted === true && !signal.aborted });
  try {
    const { onOutput } = output;
    const { timed } = phases;
    const reply = await runStep(request, { workspace, signal: either, cancelled: signal, onOutput, timed });
    if (reply.outcome === 'killed') return { ...killed(), ...reply };
    return { ...reply, cpuMs: childrenCpuMs() - before, phases: phases.past() };
  } catch (error) {
    if (either.aborted) return killed();
    throw maskedError(error, masked);
  } finally {
    output.close();
  }
}

async function probe(workspace: Workspace): Promise<WorkerProbe> {
  const { machine, searchPath } = workspace;
  const runtime = await probeRuntime(searchPath);
  const { lowers, notes } = lowersOf(workspace);
  const ways = networkWays(searchPath);
  return {
    ...(runtime === undefined ? {} : { runtime }),
    overlay: lowers.length > 0 && !lowers.includes('copy'),
    userNamespace: machine.isUserNamespace,
    cgroups: machine.isUserNamespace ? 'none' : machine.cgroups,
    ...(typeof ways === 'string' ? { networkObstacle: ways } : { networkPrograms: ways.map(({ program }) => program) }),
    lowers,
    notes,
  };
}

function lowersOf(workspace: Workspace): Pick<WorkerProbe, 'lowers' | 'notes'> {
  try {
    return workspace.snapshots();
  } catch (error) {
    if (!(error instanceof BuildError)) throw error;
    return { lowers: [], notes: [error.message] };
  }
}

async function probeRuntime(searchPath: string): Promise<WorkerProbe['runtime']> {
  const path = findProgram('runc', searchPath);
  if (path === undefined) return undefined;
  const { stdout } = await runProgram([path, '--version'], { signal: new AbortController().signal });
  return { path, version: /version (\S+)/.exec(stdout.toString('utf8'))?.[1] ?? 'unknown' };
}
