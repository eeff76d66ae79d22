import { chmodSync, lchownSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { BuildError } from '../../errors.ts';
import { findProgram } from '../../host/process/index.ts';
import { setMtime } from '../../host/sys/index.ts';
import { resolvePath, type StackTree } from '../../image/toc/index.ts';
import { DisposableStack } from '../../util/async-disposable-stack.ts';
import { hostPath, joinRel, relPathOfText, type RelPath, TOP } from '../../util/rel-path.ts';
import { makeSpec, networkOf, type OutputSink, resolveUser, rlimitsOf, runContainer, type RunUser } from '../exec/index.ts';
import type { RunReply, RunRequest } from '../protocol.ts';
import type { MountPoint, Snapshot } from '../snapshot/index.ts';
import { type ReadyMount, readyMounts } from './mounts.ts';
import { isBelow } from './paths.ts';
import { systemFiles } from './system-files.ts';
import type { Workspace } from './workspace.ts';

export interface StepOptions {
  readonly workspace: Workspace;
  readonly signal: AbortSignal;
  readonly onOutput: (stream: 'stdout' | 'stderr') => OutputSink;
}

let count = 0;

/** A RUN: its stack mounted, its process run to the end, its changes published. */
export async function runStep(request: RunRequest, options: StepOptions): Promise<RunReply> {
  const { workspace, signal } = options;
  const number = ++count;
  const dir = join(workspace.runDir, `r${number}`);
  mkdirSync(dir, 0o700);
  try {
    await using owned = new DisposableStack();
    const network = networkOf(request.network);
    const wanted = await readyMounts(request.mounts, { workspace, dir, signal, owned });
    const mounts = [...systemFiles(request, { dir, network }), ...wanted];
    await using snapshot = await workspace.snapshots().prepare(request.stack, { points: pointsOf(mounts), signal });
    const user = resolveUser(request.process.user, userFiles(snapshot.tree));
    makeCwd(request, { snapshot, user, mounts, workspace });
    const spec = makeSpec(
      {
        ...request,
        ...request.process,
        ...{ rootfs: snapshot.rootfs, user, cgroupsPath: `${workspace.tag}-${number}`, hasOwnNetwork: network.isOwn },
        rlimits: rlimitsOf(request.ulimits, workspace.machine),
        mounts: placed(mounts, snapshot.targets),
      },
      workspace.machine,
    );
    const { machine, searchPath } = workspace;
    const result = await runContainer(
      { id: `${workspace.tag}-${number}`, spec, signal, onOutput: options.onOutput },
      { path: runtimePath(request, workspace), dir, isUserNamespace: machine.isUserNamespace, searchPath },
    );
    if (result.outcome === 'killed' || result.exitCode !== 0) return result;
    const { diffID, contentID, size, warnings } = await snapshot.commit({ signal });
    for (const warning of warnings) workspace.warn(warning);
    return { ...result, layer: { diffID, contentID, size } };
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

/** What runc itself mounts before anything else; below /dev it makes the mount points. */
const SYSTEM_POINTS = ['/proc', '/dev', '/sys'].map((target) => ({ target, type: 'directory' }) as const);

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

const MAX_USER_FILE = 10 * 1024 * 1024;

function userFiles(tree: StackTree) {
  const text = (file: string): string | undefined => {
    const { path } = resolvePath(tree, file, { followLast: true });
    return tree.readSmall(path, MAX_USER_FILE)?.toString('utf8');
  };
  return { passwd: () => text('/etc/passwd'), group: () => text('/etc/group') };
}

interface CwdContext {
  readonly snapshot: Snapshot;
  readonly user: RunUser;
  readonly mounts: readonly ReadyMount[];
  readonly workspace: Workspace;
}

/** A missing working directory is made, as part of the layer, and belongs to the user, as do its missing parents. */
function makeCwd({ process: { cwd }, epoch }: RunRequest, { snapshot, user, mounts, workspace }: CwdContext): void {
  if (mounts.some(({ target }) => target === cwd || isBelow(cwd, target))) return;
  const { path } = resolvePath(snapshot.tree, relPathOfText(cwd), { followLast: true });
  let dir: RelPath = TOP;
  for (const part of path === '' ? [] : path.split('/')) {
    dir = joinRel(dir, part);
    if (snapshot.tree.lookup(dir) !== undefined) continue;
    const at = hostPath(snapshot.rootfs, dir);
    mkdirSync(at, { mode: 0o755, recursive: true });
    chmodSync(at, 0o755);
    if (!workspace.machine.isSquashed) lchownSync(at, user.uid, user.gid);
    if (epoch !== undefined) setMtime(at, epoch, 0);
  }
}

function runtimePath({ runtime = 'runc' }: RunRequest, { searchPath }: Workspace): string {
  const path = findProgram(runtime, searchPath);
  if (path !== undefined) return path;
  throw new BuildError('runtime-missing', `the OCI runtime ${runtime} is not installed`, { hint: 'apt-get install -y runc' });
}
