import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import type { DiffID } from '../../../cache/index.ts';
import { BuildError } from '../../errors.ts';
import { namespaceObstacle, needsUserNamespace } from '../../host/sys/index.ts';
import type { LowerChoice, RunReply, RunRequest, WorkerProbe } from '../protocol.ts';
import { type Channel, openChannel } from './channel.ts';
import { type NamespacePlan, planNamespaces } from './namespaces.ts';
import { startProblem, workerLost } from './problems.ts';

export interface WorkerOptions {
  /** Absolute; made by openRoot. */
  readonly rootDir: string;
  /** The worker's bundle. */
  readonly scriptPath: string;
  /** The root's lease: temp files are named after it. */
  readonly lease?: string | undefined;
  /** This program when absent. */
  readonly node?: string | undefined;
  /** The worker's whole environment; a RUN sees nothing of it. */
  readonly env: { readonly [name: string]: string | undefined };
  readonly signal?: AbortSignal | undefined;
  readonly onWarning: (message: string) => void;
  /** What plain progress says and nobody has to read. */
  readonly onNote?: ((message: string) => void) | undefined;
  readonly lower?: LowerChoice | undefined;
}

/** Everything ends with it: disposing it, or the end of this process, leaves no mount and no process. */
export interface Worker extends AsyncDisposable {
  /** On this machine, of the process that all others hang on. */
  readonly pid: number;
  /**
   * An abort kills the run's processes; the reply is `killed` then, whatever they did meanwhile.
   * @throws BuildError mount-failed, run-user-unknown, worker-lost and so on
   */
  run(
    request: RunRequest,
    options: { signal: AbortSignal; onOutput: (stream: 'stdout' | 'stderr', data: Uint8Array) => void },
  ): Promise<RunReply>;
  /** Makes of a layer in the root what a RUN on it will need, if that can be done without the layers below. */
  makeAhead(diffID: DiffID): Promise<void>;
  /** Caches of these ids that nobody uses start anew. */
  retire(ids: readonly string[]): Promise<void>;
  /** Names relative to the root, of what belongs to sub-ids. */
  remove(paths: readonly string[]): Promise<void>;
  probe(): Promise<WorkerProbe>;
}

/** @throws BuildError runtime-missing, sandbox-unavailable */
export async function startWorker(options: WorkerOptions): Promise<Worker> {
  const { signal = NEVER } = options;
  signal.throwIfAborted();
  const isBelowUser = needsUserNamespace();
  const searchPath = options.env['PATH'] ?? '';
  const plan = planNamespaces(searchPath, isBelowUser);
  if (plan.warning !== undefined) options.onWarning(plan.warning);
  const started = launch(plan, options);
  const stop = (): void => void started.child.kill('SIGKILL');
  signal.addEventListener('abort', stop, { once: true });
  try {
    if (plan.mapIDs !== undefined) await passGate(started, plan.mapIDs, signal);
    // Heard as soon as it listens.
    const { rootDir, lease, lower } = options;
    const name = randomBytes(4).toString('hex');
    await started.channel.call('start', { rootDir, name, lease, lower, searchPath });
    return workerOf(started);
  } catch (error) {
    stop();
    await started.ended;
    signal.throwIfAborted();
    if (!(error instanceof BuildError && error.code === 'worker-lost')) throw error;
    throw startProblem(started.said(), { isBelowUser, obstacle: namespaceObstacle() });
  } finally {
    signal.removeEventListener('abort', stop);
  }
}

const NEVER = new AbortController().signal;

interface Started {
  readonly child: ChildProcess;
  readonly channel: Channel;
  readonly outputs: Map<string, (stream: 'stdout' | 'stderr', data: Uint8Array) => void>;
  readonly ended: Promise<void>;
  /** What was written to standard error, its end. */
  readonly said: () => string;
}

const MAX_SAID = 16 * 1024;

function launch(
  { argv, mapIDs }: NamespacePlan,
  { node = process.execPath, scriptPath, env, onWarning, onNote = () => undefined }: WorkerOptions,
): Started {
  const command = [...argv, node, scriptPath];
  // A session of its own: Ctrl-C reaches tsbuild alone, which then says what is to end.
  const gate = mapIDs === undefined ? 'ignore' : 'pipe';
  const child = spawn(command[0] ?? node, command.slice(1), {
    stdio: [gate, gate, 'pipe', 'ipc'],
    // It speaks to nobody, and Node would read these at each start.
    env: { ...env, NODE_EXTRA_CA_CERTS: undefined },
    detached: true,
  });
  const outputs: Started['outputs'] = new Map();
  let said = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    said = (said + text).slice(-MAX_SAID);
  });
  child.stdin?.on('error', () => undefined);
  const channel = openChannel(child, {
    onOutput: (id, stream, data) => outputs.get(id)?.(stream, data),
    onWarning,
    onNote,
  });
  const ended = endOf(child).then(({ code, signal, error }) => {
    if (error !== undefined) said += error.message;
    channel.close(workerLost(said, code, signal));
  });
  return { child, channel, outputs, ended, said: () => said };
}

interface End {
  readonly code: number | null;
  readonly signal: string | null;
  readonly error?: Error;
}

/** Not the `close` event: it does not come when this side has closed the channel. */
function endOf(child: ChildProcess): Promise<End> {
  const said =
    child.stderr === null ? Promise.resolve() : new Promise((resolve) => child.stderr?.once('close', resolve));
  return new Promise((resolve) => {
    child.once('error', (error) => resolve({ code: null, signal: null, error }));
    child.once('exit', (code, signal) => void said.then(() => resolve({ code, signal })));
  });
}

/** The started process waits for its ids between two lines. */
async function passGate(
  { child, ended }: Started,
  mapIDs: NonNullable<NamespacePlan['mapIDs']>,
  signal: AbortSignal,
): Promise<void> {
  if (child.stdout === null || child.pid === undefined) return;
  const isWaiting = await Promise.race([once(child.stdout, 'data').then(() => true), ended.then(() => false)]);
  if (!isWaiting) return;
  await mapIDs(child.pid, { signal });
  child.stdin?.write('go\n');
}

/** How long an abort waits for the worker's word, and a disposal for its end. */
const PATIENCE_MS = 2000;

function workerOf({ child, channel, outputs, ended }: Started): Worker {
  return {
    pid: child.pid ?? 0,
    async run(request, { signal, onOutput }) {
      if (signal.aborted) return { outcome: 'killed' };
      outputs.set(request.id, onOutput);
      const aborted = abortedFor(signal, () => void channel.call('kill', { id: request.id }).catch(() => undefined));
      try {
        const reply = await Promise.race([channel.call('run', request), aborted.late]);
        return signal.aborted ? { outcome: 'killed' } : reply;
      } catch (error) {
        if (signal.aborted) return { outcome: 'killed' };
        throw error;
      } finally {
        aborted.forget();
        outputs.delete(request.id);
      }
    },
    async makeAhead(diffID) {
      await channel.call('ahead', { diffID });
    },
    async retire(ids) {
      await channel.call('retire', { ids });
    },
    async remove(paths) {
      await channel.call('remove', { paths });
    },
    probe: () => channel.call('probe', null),
    async [Symbol.asyncDispose]() {
      if (child.connected) child.disconnect();
      const last = setTimeout(() => child.kill('SIGKILL'), PATIENCE_MS);
      await ended;
      clearTimeout(last);
    },
  };
}

function abortedFor(signal: AbortSignal, onAbort: () => void): { late: Promise<RunReply>; forget: () => void } {
  let timer: NodeJS.Timeout | undefined;
  let listener: () => void = () => undefined;
  const late = new Promise<RunReply>((resolve) => {
    listener = () => {
      onAbort();
      timer = setTimeout(() => resolve({ outcome: 'killed' }), PATIENCE_MS);
    };
    signal.addEventListener('abort', listener, { once: true });
  });
  return {
    late,
    forget() {
      clearTimeout(timer);
      signal.removeEventListener('abort', listener);
    },
  };
}
