import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { cgroupMemory, hastenMoves, removeCgroup } from '../../host/sys/index.ts';
import { resolvePath, type StackTree } from '../../image/toc/index.ts';
import { DisposableStack } from '../../util/async-disposable-stack.ts';
import {
  type ContainerResult,
  findDevices,
  makeSpec,
  type Network,
  type OutputSink,
  resolveUser,
  rlimitsOf,
  runContainer,
} from '../exec/index.ts';
import type { Kept, RunReply, RunRequest } from '../protocol.ts';
import type { MountPoint, Snapshot } from '../snapshot/index.ts';
import { keepFailed } from './keep-failed.ts';
import { makeCwd } from './make-cwd.ts';
import { type ReadyMount, readyMounts } from './mounts.ts';
import { isBelow } from './paths.ts';
import type { Phases } from './phases.ts';
import { watchForLeaks } from './secrets.ts';
import { systemFiles } from './system-files.ts';
import type { Workspace } from './workspace.ts';

export interface StepOptions {
  readonly workspace: Workspace;
  /** Ends it: cancelled, or out of time. */
  readonly signal: AbortSignal;
  readonly cancelled: AbortSignal;
  readonly onOutput: (stream: 'stdout' | 'stderr') => OutputSink;
  readonly timed: Phases['timed'];
}

let count = 0;

/**
 * A RUN: its stack mounted, its process run to the end, its changes published. What it leaves here is removed once the reply is on its way;
 * what another RUN may wait for is given back before.
 */
export async function runStep(request: RunRequest, options: StepOptions): Promise<RunReply> {
  const { workspace } = options;
  const number = ++count;
  const place = { dir: join(workspace.runDir, `r${number}`), cgroup: `${workspace.cgroupTag}-${number}` };
  warnOfLimits(request, workspace);
  mkdirSync(place.dir, 0o700);
  const leftovers = new DisposableStack();
  leftovers.defer(() => removeCgroup(place.cgroup));
  leftovers.defer(() => rmSync(place.dir, { recursive: true, force: true }));
  try {
    await using owned = new DisposableStack();
    return await runIn(place, request, { ...options, owned, leftovers });
  } finally {
    workspace.later(() => leftovers[Symbol.asyncDispose]());
  }
}

interface Place {
  /** On the worker's own tmpfs. */
  readonly dir: string;
  readonly cgroup: string;
}

interface Owners {
  readonly owned: DisposableStack;
  readonly leftovers: DisposableStack;
}

async function runIn(place: Place, request: RunRequest, options: StepOptions & Owners): Promise<RunReply> {
  const { workspace, signal, timed, owned, leftovers } = options;
  const { dir, cgroup } = place;
  const program = workspace.runtimes.open(request.runtime ?? 'runc');
  program.catch(() => undefined);
  if (makesCgroups(workspace)) void hastenMoves();
  const network = await timed('network', () => takeNetwork(request, { workspace, signal, owned }));
  if (signal.aborted) return { outcome: 'killed' };
  const wanted = await timed('mounts', () => readyMounts(request.mounts, { workspace, dir, signal, owned }));
  const mounts = [...systemFiles(request, { dir, network }), ...wanted];
  const points = pointsOf(mounts);
  const opensDevices = request.security === 'insecure';
  const snapshot = leftovers.use(
    await timed('mount', () => workspace.snapshots().prepare(request.stack, { points, opensDevices, signal })),
  );
  const spec = specOf(request, { workspace, snapshot, mounts, network, cgroup });
  const { searchPath } = workspace;
  const runtime = { program: await program, dir, isWithoutCgroups: !makesCgroups(workspace), searchPath };
  const { onOutput } = options;
  const result = await timed('process', async () => {
    using _watch = watchFiles(request, snapshot, workspace);
    return await runContainer({ id: cgroup, spec, signal, onOutput }, runtime);
  });
  const used = memoryUse(result, cgroup, request);
  if (result.outcome === 'killed' || result.exitCode !== 0)
    return { ...result, ...used, ...(await keptOf(request, { ...options, snapshot, result })) };
  const made = await timed('commit', () => committed(request, { snapshot, workspace, signal }));
  return { ...result, ...used, ...made };
}

function watchFiles(
  { earlyChunks: wish }: RunRequest,
  { upper }: Snapshot,
  { earlyChunks }: Workspace,
): Disposable | undefined {
  if (wish === undefined || upper === undefined) return undefined;
  return earlyChunks.watch({ from: upper, to: wish.dir, level: wish.level });
}

/** Else they are somebody else's. */
function makesCgroups({ machine }: Workspace): boolean {
  return !machine.isUserNamespace && machine.cgroups !== 'none';
}

interface SpecContext {
  readonly workspace: Workspace;
  readonly snapshot: Snapshot;
  readonly mounts: readonly ReadyMount[];
  readonly network: Network;
  readonly cgroup: string;
}

function specOf(request: RunRequest, { workspace, snapshot, mounts, network, cgroup }: SpecContext) {
  const { machine, warn } = workspace;
  const user = resolveUser(request.process.user, userFiles(snapshot.tree));
  if (!isMounted(request.process.cwd, mounts)) makeCwd(request, snapshot, { user, isSquashed: machine.isSquashed });
  return makeSpec(
    {
      ...request,
      ...request.process,
      env: [...request.process.env, ...(request.process.privateEnv ?? [])],
      ...{
        rootfs: snapshot.rootfs,
        user,
        devices: findDevices(request.devices ?? [], warn),
        // runc removes the inner one; what it has used stands in the outer one.
        cgroupsPath: `${cgroup}/run`,
        memoryBytes: request.limits?.memoryBytes,
        cpus: request.limits?.cpus,
        hasOwnNetwork: network.kind !== 'host',
        networkPath: network.namespacePath,
      },
      rlimits: rlimitsOf(request.ulimits, machine),
      mounts: placed(mounts, snapshot.targets),
    },
    machine,
  );
}

/** Nobody looks at what was cancelled. */
async function keptOf(
  request: RunRequest,
  { snapshot, workspace, cancelled, result }: StepOptions & { snapshot: Snapshot; result: ContainerResult },
): Promise<{ kept?: Kept }> {
  if (cancelled.aborted) return {};
  const exitCode = result.outcome === 'exited' ? result.exitCode : undefined;
  return { kept: await keepFailed(request, { snapshot, workspace, signal: cancelled, exitCode }) };
}

async function committed(
  request: RunRequest,
  { snapshot, workspace, signal }: Pick<StepOptions, 'workspace' | 'signal'> & { snapshot: Snapshot },
) {
  const watch = watchForLeaks(request);
  const { diffID, contentID, size, warnings } = await snapshot.commit({ signal, watch });
  for (const warning of warnings) workspace.warn(warning);
  const leaks = watch?.leaks() ?? [];
  return { layer: { diffID, contentID, size }, ...(leaks.length === 0 ? {} : { leaks }) };
}

const FULL = 0.98;
const KILLED = 137;

/** Version 1 counts no kills in the outer group: a killed process in a group that was full was killed for that. */
function memoryUse(result: ContainerResult, cgroup: string, { limits }: RunRequest) {
  const { peakBytes, kills } = cgroupMemory(cgroup);
  if (peakBytes === undefined) return {};
  const isFull = limits?.memoryBytes !== undefined && peakBytes >= limits.memoryBytes * FULL;
  const wasKilled = result.outcome === 'exited' && (result.exitCode === KILLED || kills !== undefined);
  const isOutOfMemory = wasKilled && (kills === undefined ? isFull : kills > 0);
  return { maxRssBytes: peakBytes, ...(isOutOfMemory ? { isOutOfMemory } : {}) };
}

function warnOfLimits({ limits }: RunRequest, { machine, warn }: Workspace): void {
  if (limits?.memoryBytes === undefined && limits?.cpus === undefined) return;
  if (machine.isUserNamespace || machine.cgroups === 'none')
    warn(
      '--memory and --cpus have no effect: no cgroup can be made here (that takes root and a writable /sys/fs/cgroup)',
    );
}

async function takeNetwork(
  { network: mode, security }: RunRequest,
  { workspace, signal, owned }: Pick<StepOptions, 'workspace' | 'signal'> & { owned: DisposableStack },
): Promise<Network> {
  const network = await workspace.networks.take({ mode, isPrivileged: security === 'insecure', signal });
  return owned.use(network);
}

/** What runc itself mounts before anything else; below /dev it makes the mount points. */
const SYSTEM_POINTS = ['/proc', '/dev', '/sys'].map(
  (target) => ({ target, type: 'directory', isRuntimes: true }) as const,
);

/** Mount points that the rootfs must have: not those inside of something that is mounted. */
function pointsOf(mounts: readonly ReadyMount[]): MountPoint[] {
  const all: readonly MountPoint[] = [...SYSTEM_POINTS, ...mounts];
  return all.filter(({ target }, index) => !all.slice(0, index).some((earlier) => isBelow(target, earlier.target)));
}

/** Each mount where its target really is. */
function placed(mounts: readonly ReadyMount[], targets: readonly string[]) {
  const points = pointsOf(mounts);
  const places = new Map(points.map(({ target }, index) => [target, targets[index] ?? target]));
  return mounts.map(({ mount, target }) => ({ ...mount, destination: places.get(target) ?? target }));
}

function isMounted(path: string, mounts: readonly ReadyMount[]): boolean {
  return mounts.some(({ target }) => target === path || isBelow(path, target));
}

const MAX_USER_FILE = 10 * 1024 * 1024;

function userFiles(tree: StackTree) {
  const text = (file: string): string | undefined => {
    const { path } = resolvePath(tree, file, { followLast: true });
    return tree.readSmall(path, MAX_USER_FILE)?.toString('utf8');
  };
  return { passwd: () => text('/etc/passwd'), group: () => text('/etc/group') };
}
