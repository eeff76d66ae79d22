import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { BuildError } from '../../errors.ts';
import { type OciSpec, renderSpec } from './oci-spec.ts';
import { type OutputSink, openOutputPipe } from './output.ts';
import { killDescendants } from './process-tree.ts';
import { explainRuntimeError } from './runtime-error.ts';
import type { Runtime } from './runtimes.ts';

export interface RuntimeOptions {
  readonly program: Runtime;
  /** A directory of the worker's own tmpfs: states and bundles, which hold secret values. */
  readonly dir: string;
  /** Cgroups are somebody else's: the runtime goes on without. */
  readonly isWithoutCgroups: boolean;
  /** PATH of the runtime itself. */
  readonly searchPath: string;
}

export interface ContainerRun {
  /** Unused. */
  readonly id: string;
  readonly spec: OciSpec;
  readonly signal: AbortSignal;
  readonly onOutput: (stream: 'stdout' | 'stderr') => OutputSink;
}

export type ContainerResult =
  | { readonly outcome: 'exited'; readonly exitCode: number }
  | { readonly outcome: 'killed' };

/**
 * Runs one container to its end, its output as it comes; nothing of it is left then. A command that cannot be started is a result with
 * a shell's code for it (126, 127).
 * @throws BuildError when the sandbox cannot be made
 */
export async function runContainer(run: ContainerRun, runtime: RuntimeOptions): Promise<ContainerResult> {
  if (run.signal.aborted) return { outcome: 'killed' };
  const bundle = join(runtime.dir, run.id);
  mkdirSync(bundle, { recursive: true, mode: 0o700 });
  try {
    writeFileSync(join(bundle, 'config.json'), renderSpec(run.spec), { mode: 0o600 });
    const exit = await runToEnd(run, runtime, bundle);
    if (run.signal.aborted) return { outcome: 'killed' };
    if (exit.exitCode === 0) return { outcome: 'exited', exitCode: 0 };
    const problem = explainRuntimeError(readIfThere(join(bundle, 'log.json')));
    if (problem === undefined) return { outcome: 'exited', exitCode: exit.exitCode };
    // What is wrong with the command stands in its output: the runtime has written it there.
    if (problem.exitCode !== undefined) return { outcome: 'exited', exitCode: problem.exitCode };
    throw new BuildError(problem.code, problem.message, { hint: problem.hint });
  } finally {
    rmSync(bundle, { recursive: true, force: true });
  }
}

async function runToEnd(run: ContainerRun, runtime: RuntimeOptions, bundle: string): Promise<{ exitCode: number }> {
  const pipes = (['stdout', 'stderr'] as const).map((stream) =>
    openOutputPipe(join(bundle, stream), run.onOutput(stream)),
  );
  const child = startRuntime(run.id, { ...runtime, bundle, stdio: pipes.map(({ fd }) => fd) });
  for (const pipe of pipes) pipe.handedOver();
  let lastResort: NodeJS.Timeout | undefined;
  const kill = (): void => {
    if (child.pid !== undefined) killDescendants(child.pid);
    lastResort = setTimeout(() => child.kill('SIGKILL'), TIDY_MS);
  };
  run.signal.addEventListener('abort', kill, { once: true });
  try {
    const exitCode = await exitOf(child);
    await Promise.all(pipes.map(({ ended }) => ended));
    return { exitCode };
  } finally {
    run.signal.removeEventListener('abort', kill);
    clearTimeout(lastResort);
    if (run.signal.aborted) rmSync(join(stateDir(runtime), run.id), { recursive: true, force: true });
  }
}

/** What the runtime gets to remove its state and cgroups once its container is dead. */
const TIDY_MS = 1000;

function startRuntime(
  id: string,
  {
    program: { path, sealed },
    bundle,
    isWithoutCgroups,
    searchPath,
    dir,
    stdio,
  }: RuntimeOptions & { bundle: string; stdio: readonly number[] },
): ChildProcess {
  const flags = ['--root', stateDir({ dir }), '--log', join(bundle, 'log.json'), '--log-format', 'json'];
  if (isWithoutCgroups) flags.push('--rootless', 'true');
  const args = [...flags, 'run', '--bundle', bundle, id];
  const options: SpawnOptions = { stdio: ['ignore', ...stdio], env: { PATH: searchPath }, argv0: path };
  const child = sealed === undefined ? undefined : spawn(sealed, args, options);
  if (child?.pid !== undefined) return child;
  // A machine that executes nothing from memory.
  child?.once('error', () => undefined);
  return spawn(path, args, options);
}

function stateDir({ dir }: Pick<RuntimeOptions, 'dir'>): string {
  return join(dir, 'runc');
}

const SIGNAL_EXIT = 255;

function exitOf(child: ChildProcess): Promise<number> {
  return new Promise((resolve, reject) => {
    child.once('exit', (code) => resolve(code ?? SIGNAL_EXIT));
    child.once('error', (error) =>
      reject(
        new BuildError('runtime-missing', `the OCI runtime cannot be started: ${error.message}`, {
          hint: 'apt-get install -y runc',
          cause: error,
        }),
      ),
    );
  });
}

function readIfThere(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
