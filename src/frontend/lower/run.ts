import { BuildError } from '../../errors.ts';
import type { RunOp } from '../../graph/index.ts';
import { normalisePlatform, type Platform } from '../../image/oci/index.ts';
import type { RunInstruction } from '../ast.ts';
import { type BuildEnv, type ImageDraft, withShell } from '../config/index.ts';
import { lowerDevices } from './devices.ts';
import { assertAllowed } from './entitlements.ts';
import { findFlag } from './flags.ts';
import { assertWritable } from './heredoc-names.ts';
import { lowerMounts } from './mounts.ts';
import { addStep, argValue, argValues, InputList, type SeenVariables, type Step } from './stage-draft.ts';
import { runText } from './step-names.ts';
import { directoryOf } from './workdir.ts';

const HOSTNAME_ARG = 'BUILDKIT_SANDBOX_HOSTNAME';

/** RUN: a process on the stack below, with everything that decides what it sees. */
export function lowerRun(instruction: RunInstruction, step: Step): void {
  const { draft, lowering } = step;
  const { options, args } = lowering;
  const inputs = new InputList(draft.vertex);
  const { argv, shown, script } = commandOf(instruction, step);
  const { mounts, agentSocket } = lowerMounts(instruction, { step, inputs });
  const seen = seenBy(step);
  const op: RunOp = {
    kind: 'run',
    argv,
    env: withAgent(seen.pairs, draft.env, agentSocket),
    cwd: directoryOf(draft.image.config),
    user: draft.image.config.User ?? '',
    platform: platformOf(draft.image),
    hostname: args.given.get(HOSTNAME_ARG) || options.hostname,
    network: networkOf(instruction, step),
    security: securityOf(instruction, step),
    mounts,
    script,
    extraHosts: options.extraHosts,
    ulimits: options.ulimits,
    shmSizeBytes: options.shmSizeBytes,
    devices: lowerDevices(instruction, step),
    epoch: args.epoch,
  };
  addStep(step, {
    op,
    inputs: inputs.vertices,
    text: textOf(instruction, op, step),
    kind: 'RUN',
    createdBy: `RUN ${seen.history}${shown.join(' ')} # buildkit`,
    description: `mount / from exec ${shown.join(' ')}`,
    buildArgs: seen.buildArgs,
  });
}

/** A RUN with an agent finds it, whether one was given or not, unless the Dockerfile says where another one is. */
function withAgent(
  pairs: readonly string[],
  env: Pick<BuildEnv, 'has'>,
  socket: string | undefined,
): readonly string[] {
  return socket === undefined || env.has('SSH_AUTH_SOCK') ? pairs : [...pairs, `SSH_AUTH_SOCK=${socket}`];
}

function platformOf({ os, architecture, variant }: ImageDraft): Platform {
  return normalisePlatform({ os, architecture, variant });
}

interface RunCommand {
  readonly argv: readonly string[];
  /** As the history has it. */
  readonly shown: readonly string[];
  readonly script?: RunOp['script'];
}

/** The shell starts a program by its path. */
function commandOf(instruction: RunInstruction, { draft, range }: Step): RunCommand {
  const { form, args, soleHeredoc, heredocs } = instruction;
  const [heredoc] = heredocs;
  if (soleHeredoc === 'program' && heredoc !== undefined) {
    const { name, content } = heredoc;
    assertWritable(name);
    const path = `/dev/pipes/${name}`;
    const started = withShell(draft.image, [path]);
    return { argv: started, shown: started, script: { name, content } };
  }
  const argv = form === 'shell' ? withShell(draft.image, args) : args;
  if (argv.length === 0 || argv[0] === '') {
    throw new BuildError('instruction-invalid', 'RUN has no command', {
      range,
      hint: 'name a program: RUN ["prog", "arg"]',
    });
  }
  return { argv, shown: argv };
}

/** More than any machine can start processes with; texts that are made to cost much reach it first. */
const MAX_SEEN_VARIABLES = 1_000_000;

/** What the process sees of the stage's variables; made once for RUNs between which none is set. */
function seenBy({ draft, lowering, range }: Step): SeenVariables {
  const { env, args } = draft;
  if (draft.seen?.env === env) return draft.seen;
  const shown = Array.from(args.keys(), (name) => `${name}=${argValue(draft, name)}`);
  const seen = {
    env,
    pairs: env.pairs(),
    history: shown.length === 0 ? '' : `|${shown.length} ${shown.join(' ')} `,
    buildArgs: argValues(draft, args.keys()),
  };
  lowering.seenVariables += seen.pairs.length + shown.length;
  if (lowering.seenVariables > MAX_SEEN_VARIABLES) {
    throw new BuildError(
      'instruction-invalid',
      'the RUNs of this Dockerfile see more than a million variables in all',
      {
        range,
        hint: 'set fewer variables, or set them in the stages that use them',
      },
    );
  }
  draft.seen = seen;
  return seen;
}

function textOf({ text, soleHeredoc, heredocs }: RunInstruction, { mounts }: RunOp, { draft }: Step): string {
  const secrets = new Set(
    mounts.flatMap((mount) => (mount.type === 'secret' && mount.env !== undefined ? [mount.env] : [])),
  );
  const lookUp = (name: string): string | undefined => (secrets.has(name) ? '****' : draft.env.get(name));
  return runText({ text, soleHeredoc: soleHeredoc !== undefined ? heredocs[0] : undefined }, lookUp);
}

function networkOf(instruction: RunInstruction, step: Step): RunOp['network'] {
  const flag = findFlag(instruction, 'network');
  const wanted = flag?.value ?? 'default';
  if (wanted !== 'default' && wanted !== 'none' && wanted !== 'host') {
    throw new BuildError('flag-invalid', `invalid network mode "${wanted}"`, {
      range: flag?.range,
      hint: 'write --network=default, none or host',
    });
  }
  const network = wanted === 'default' ? step.lowering.options.network : wanted;
  // Who asks for --network=host on the command line has allowed it.
  if (network === 'host' && step.lowering.options.network !== 'host') assertAllowed('network.host', flag, step);
  return network;
}

function securityOf(instruction: RunInstruction, step: Step): RunOp['security'] {
  const flag = findFlag(instruction, 'security');
  const wanted = flag?.value ?? 'sandbox';
  if (wanted !== 'sandbox' && wanted !== 'insecure') {
    throw new BuildError('flag-invalid', `security "${wanted}" is not valid`, {
      range: flag?.range,
      hint: 'write --security=sandbox or insecure',
    });
  }
  if (wanted === 'insecure') assertAllowed('security.insecure', flag, step);
  return wanted;
}
