import { mkdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { BuildError } from '../../errors.ts';
import { resolvePath } from '../../image/toc/index.ts';
import type { DisposableStack } from '../../util/async-disposable-stack.ts';
import { displayPath, relPathOfText } from '../../util/rel-path.ts';
import type { OciMount } from '../exec/index.ts';
import type { WorkerMount } from '../protocol.ts';
import type { MountPoint, View } from '../snapshot/index.ts';
import { type HeldCache, holdCache } from './cache-mount.ts';
import { giveTo } from './give-to.ts';
import { lockedFlags } from './locked-flags.ts';
import { cleanTarget, isBelow, parentsFirst } from './paths.ts';
import { pinBelow } from './pin-below.ts';
import type { Workspace } from './workspace.ts';

/** A mount whose source is ready on this machine. */
export interface ReadyMount extends MountPoint {
  readonly mount: OciMount;
}

export interface MountContext {
  readonly workspace: Workspace;
  /** A directory of this run's own on the private tmpfs. */
  readonly dir: string;
  readonly signal: AbortSignal;
  /** What a run must give back when it ends. */
  readonly owned: DisposableStack;
}

/** The mounts of a RUN, parents first. @throws BuildError mount-failed */
export async function readyMounts(mounts: readonly WorkerMount[], context: MountContext): Promise<ReadyMount[]> {
  const sorted = parentsFirst(mounts.map((mount) => ({ ...mount, target: cleanTarget(mount.target) })));
  const ready: (ReadyMount | undefined)[] = sorted.map(() => undefined);
  // Locks in one order for everybody, whatever order the Dockerfile has: two RUNs never wait for each other.
  const order = sorted.map((mount, index) => ({ mount, index })).sort((a, b) => lockOrder(a.mount, b.mount));
  const caches = new Map<string, HeldCache>();
  for (const { mount, index } of order)
    ready[index] = await readyMount(mount, pointsBelow(mount.target, sorted), { ...context, caches });
  return ready.flatMap((one) => (one === undefined ? [] : [one]));
}

interface OneMount extends MountContext {
  /** Those that this RUN holds, by name: one that it mounts twice is the same directory, whatever the sharing. */
  readonly caches: Map<string, HeldCache>;
}

function lockOrder(a: WorkerMount, b: WorkerMount): number {
  const name = (mount: WorkerMount): string => (mount.type === 'cache' ? mount.name : '');
  return name(a) < name(b) ? -1 : name(a) > name(b) ? 1 : 0;
}

/** Mounts inside a mount need a place there. */
function pointsBelow(target: string, mounts: readonly WorkerMount[]): MountPoint[] {
  return mounts
    .filter((mount) => isBelow(mount.target, target))
    .map((mount) => ({ target: mount.target.slice(target === '/' ? 0 : target.length), type: kindOf(mount) }));
}

/** Of a stack's path it is not known yet; a directory is what most are. */
function kindOf(mount: WorkerMount): 'file' | 'directory' {
  if (mount.type === 'host') return hostKind(mount.source);
  return mount.type === 'file' || mount.type === 'agent' ? 'file' : 'directory';
}

async function readyMount(mount: WorkerMount, nested: readonly MountPoint[], context: OneMount): Promise<ReadyMount> {
  switch (mount.type) {
    case 'stack':
      return stackMount(mount, nested, context);
    case 'cache':
      return cacheMount(mount, context);
    case 'tmpfs':
      return tmpfsMount(mount, context.workspace);
    case 'file':
      return fileMount(mount, context);
    case 'agent':
      return agentMount(mount, context);
    case 'host':
      return hostMount(mount, context);
  }
}

type Of<Type extends WorkerMount['type']> = Extract<WorkerMount, { type: Type }>;

async function stackMount(
  mount: Of<'stack'>,
  nested: readonly MountPoint[],
  context: MountContext,
): Promise<ReadyMount> {
  const { workspace, signal, owned } = context;
  const snapshots = workspace.snapshots();
  const base = cleanTarget(mount.source);
  const points = nested.map(({ target, type }) => ({ target: cleanTarget(`${base}/${target}`), type }));
  const options = { points, signal };
  const view: View = owned.use(
    mount.readOnly ? await snapshots.view(mount.stack, options) : await snapshots.prepare(mount.stack, options),
  );
  const { path, entry } = resolvePath(view.tree, relPathOfText(mount.source), { followLast: true });
  if (entry === undefined) {
    throw new BuildError('mount-failed', `the source ${mount.source} of the mount at ${mount.target} does not exist`);
  }
  const source = path === '' ? view.rootfs : `${view.rootfs}/${displayPath(path)}`;
  return {
    target: mount.target,
    type: entry.type === 'directory' ? 'directory' : 'file',
    mount: bind(source, mount.target, mount.readOnly ? ['ro', ...noDevices(workspace)] : []),
  };
}

async function cacheMount(mount: Of<'cache'>, { workspace, signal, owned, caches }: OneMount): Promise<ReadyMount> {
  const { name, target, subpath, readOnly } = mount;
  const cache = caches.get(name) ?? owned.use(await holdCache(mount, workspace, signal));
  caches.set(name, cache);
  const { runDir } = workspace;
  const { path, type } = subpath === undefined ? cache : owned.use(pinBelow(cache.path, subpath, { runDir, target }));
  const flags = readOnly ? ['ro', ...hostFlags(path, workspace)] : [];
  return { target, type, mount: bind(path, target, [...flags, ...noDevices(workspace)]) };
}

/** Device nodes cannot be opened there; in a user namespace they never can. */
function noDevices({ machine }: Workspace): readonly string[] {
  return machine.isUserNamespace ? [] : ['nodev'];
}

function tmpfsMount({ target, readOnly, sizeBytes }: Of<'tmpfs'>, { machine }: Workspace): ReadyMount {
  // Only where no device cgroup guards the nodes that a RUN makes.
  const isGuarded = machine.isUserNamespace || machine.cgroups !== 'none';
  const options = [
    'nosuid',
    ...(isGuarded ? [] : ['nodev']),
    ...(readOnly === true ? ['ro'] : []),
    ...(sizeBytes ? [`size=${sizeBytes}`] : []),
  ];
  return {
    target,
    type: 'directory',
    mode: TMPFS_MODE,
    mount: { destination: target, type: 'tmpfs', source: 'tmpfs', options },
  };
}

const TMPFS_MODE = 0o1777;

/** On the tmpfs that only the worker sees, so that no secret reaches a disk. */
function fileMount(file: Of<'file'>, { dir, workspace }: MountContext): ReadyMount {
  const { target, content, mode } = file;
  const files = join(dir, 'files');
  mkdirSync(files, { recursive: true, mode: 0o700 });
  const path = join(files, String(++fileCount));
  writeFileSync(path, Buffer.from(content, 'base64'), { mode: 0o600, flag: 'wx' });
  giveTo(path, file, workspace.machine);
  const flags = ['ro', 'nosuid', 'nodev', ...((mode & 0o111) === 0 ? ['noexec'] : [])];
  return { target, type: 'file', mount: bind(path, target, flags) };
}

let fileCount = 0;

async function agentMount(mount: Of<'agent'>, { dir, workspace, owned }: MountContext): Promise<ReadyMount> {
  const { source, target } = mount;
  const { forwardAgent } = await import('../../host/ssh/index.ts');
  const { path } = owned.use(await forwardAgent(source, join(dir, `agent${++agentCount}`)));
  giveTo(path, mount, workspace.machine);
  return { target, type: 'file', mount: bind(path, target, []) };
}

let agentCount = 0;

function hostMount({ source, target, readOnly }: Of<'host'>, { workspace }: MountContext): ReadyMount {
  const flags = readOnly ? ['ro', ...hostFlags(source, workspace)] : [];
  return { target, type: hostKind(source), mount: bind(source, target, flags) };
}

function hostFlags(path: string, { machine }: Workspace): string[] {
  return machine.isUserNamespace ? lockedFlags(path) : [];
}

function hostKind(source: string): 'file' | 'directory' {
  try {
    return statSync(source).isDirectory() ? 'directory' : 'file';
  } catch (error) {
    throw new BuildError('mount-failed', `${source} cannot be mounted: ${(error as Error).message}`, { cause: error });
  }
}

function bind(source: string, destination: string, flags: readonly string[]): OciMount {
  return { destination, type: 'bind', source, options: ['rbind', ...new Set(flags)] };
}
