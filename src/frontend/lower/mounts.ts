import { posix } from 'node:path';
import { BuildError, type SourceRange } from '../../errors.ts';
import type { RunMount } from '../../graph/index.ts';
import type { Flag, RunInstruction } from '../ast.ts';
import { type ParsedMount, parseMount } from '../parse/index.ts';
import { mountFlags } from './links.ts';
import type { InputList, Step } from './stage-draft.ts';

const CACHE_NAMESPACE_ARG = 'BUILDKIT_CACHE_MOUNT_NS';
const CACHE_MODE = 0o755;
const SECRET_MODE = 0o400;
const SSH_MODE = 0o600;

interface MountContext {
  readonly step: Step;
  readonly inputs: InputList;
}

interface OneMount extends MountContext {
  readonly flag: Flag;
  /** Among the mount flags; the sources of the command have the same order. */
  readonly index: number;
  /** How many ssh mounts stand before it. */
  readonly sshBefore: number;
}

export interface LoweredMounts {
  readonly mounts: readonly RunMount[];
  /** Of the first agent: as it is written, be it relative to the work directory. */
  readonly agentSocket?: string | undefined;
}

/** The --mount flags with their variables expanded, targets absolute and every default filled in. */
export function lowerMounts(instruction: RunInstruction, { step, inputs }: MountContext): LoweredMounts {
  const mounts: RunMount[] = [];
  let agentSocket: string | undefined;
  let sshBefore = 0;
  for (const [index, flag] of mountFlags(instruction.flags).entries()) {
    const { range } = flag;
    const parsed = parseMount(flag.value ?? '', { range, expand: (text) => step.expand.word(text, range) });
    mounts.push(LOWER[parsed.type](parsed, { step, inputs, flag, index, sshBefore }));
    if (parsed.type !== 'ssh') continue;
    agentSocket ??= socketOf(parsed, sshBefore);
    sshBefore += 1;
  }
  return { mounts: inOneOrder(mounts), agentSocket };
}

type HiddenMount = Extract<RunMount, { type: 'secret' | 'ssh' }>;

/**
 * Files by their targets, so that it is one RUN in whatever order they are written; those of one target stay as they are, for the last
 * one is seen. Behind them secrets and agents, as they are written.
 */
function inOneOrder(mounts: readonly RunMount[]): readonly RunMount[] {
  const isHidden = (mount: RunMount): mount is HiddenMount => mount.type === 'secret' || mount.type === 'ssh';
  const files = mounts.filter((mount): mount is Exclude<RunMount, HiddenMount> => !isHidden(mount));
  files.sort((a, b) => (a.target < b.target ? -1 : Number(a.target > b.target)));
  return [...files, ...mounts.filter(isHidden)];
}

type LowerMount = (mount: ParsedMount, context: OneMount) => RunMount;

const LOWER: { readonly [K in RunMount['type']]: LowerMount } = {
  bind: (mount, context) => ({
    type: 'bind',
    input: sourceInput(context),
    source: posix.resolve('/', mount.source ?? ''),
    target: requiredTarget(mount, context),
    readOnly: mount.readOnly ?? true,
  }),
  cache: lowerCache,
  tmpfs: lowerTmpfs,
  secret: lowerSecret,
  ssh: lowerSsh,
};

function lowerTmpfs(mount: ParsedMount, context: OneMount): RunMount {
  const source = posix.resolve('/', mount.source ?? '');
  if (source !== '/') {
    throw invalid(`a tmpfs mount has no ${source}: it is empty`, context.flag.range, 'leave source out');
  }
  return {
    type: 'tmpfs',
    target: requiredTarget(mount, context),
    readOnly: mount.readOnly ?? false,
    sizeBytes: mount.sizeBytes,
  };
}

function lowerSsh(mount: ParsedMount, context: OneMount): RunMount {
  const { id, source, required, mode, uid, gid } = mount;
  if (source) throw invalid('ssh does not support source', context.flag.range, 'leave source out; id names the agent');
  return {
    type: 'ssh',
    id: id || 'default',
    target: belowTop(socketOf(mount, context.sshBefore), context),
    required: required ?? false,
    mode: permissions(mode ?? SSH_MODE),
    uid: uid ?? 0,
    gid: gid ?? 0,
  };
}

function socketOf({ target }: ParsedMount, sshBefore: number): string {
  return target || `/run/buildkit/ssh_agent.${sshBefore}`;
}

type Cache = Extract<RunMount, { type: 'cache' }>;

function lowerCache(mount: ParsedMount, context: OneMount): RunMount {
  const target = requiredTarget(mount, context);
  const namespace = context.step.lowering.args.given.get(CACHE_NAMESPACE_ARG) ?? '';
  const id = mount.id || posix.normalize(mount.target ?? '').replace(/(?<=.)\/$/, '');
  return {
    type: 'cache',
    id: namespace === '' ? id : `${namespace}/${id}`,
    target,
    sharing: mount.sharing ?? 'shared',
    readOnly: mount.readOnly ?? false,
    ...startOf(mount, context),
  };
}

/**
 * How a new cache directory starts, and what of it is shown. What is given of its attributes makes it an empty one, unless a source is
 * given, too.
 */
function startOf(mount: ParsedMount, context: OneMount): Pick<Cache, 'attributes' | 'seed' | 'subpath'> {
  const source = posix.resolve('/', mount.source ?? '');
  const attributes = source === '/' ? givenAttributes(mount) : undefined;
  if (context.step.command.sources[context.index] === undefined)
    return { attributes, subpath: source === '/' ? undefined : source };
  const seed = { input: sourceInput(context), source: attributes === undefined ? source : undefined };
  return { attributes, seed };
}

/** None unless one of them is given. */
function givenAttributes({ mode, uid, gid }: ParsedMount): Cache['attributes'] {
  if ((mode ?? uid ?? gid) === undefined) return undefined;
  return { mode: permissions(mode ?? CACHE_MODE), uid: uid ?? 0, gid: gid ?? 0 };
}

function lowerSecret(mount: ParsedMount, context: OneMount): RunMount {
  const id = mount.source || mount.id || posix.basename(mount.target ?? '');
  if (id === '') throw invalid('a secret mount needs an id or a target', context.flag.range);
  const fallback = mount.env === undefined ? `/run/secrets/${posix.basename(id)}` : undefined;
  const target = mount.target || fallback;
  return {
    type: 'secret',
    id,
    target: target === undefined ? undefined : belowTop(target, context),
    env: mount.env,
    required: mount.required ?? false,
    mode: permissions(mount.mode ?? SECRET_MODE),
    uid: mount.uid ?? 0,
    gid: mount.gid ?? 0,
  };
}

/** Nothing but these is given to what is mounted. */
function permissions(mode: number): number {
  return mode & 0o777;
}

function sourceInput({ step, inputs, index }: OneMount): number {
  return inputs.indexOf(step.lowering.sourceVertex(step.command.sources[index], step));
}

/** The work directory where none is given, unless that is the root directory. */
function requiredTarget(mount: ParsedMount, context: OneMount): string {
  return belowTop(mount.target ?? '', context);
}

function belowTop(target: string, { step, flag }: OneMount): string {
  const path = posix.resolve('/', step.draft.image.config.WorkingDir ?? '', target);
  if (path === '/') throw invalid('invalid mount target "/"', flag.range);
  return path;
}

const TARGET_HINT = 'give target=PATH, below the root directory';

function invalid(message: string, range: SourceRange, hint: string = TARGET_HINT): BuildError {
  return new BuildError('flag-invalid', message, { range, hint });
}
