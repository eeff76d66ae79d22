import type { SourceRange } from '../../errors.ts';
import { BuildError } from '../../errors.ts';
import type { Healthcheck } from '../../image/oci/index.ts';
import type { HealthcheckInstruction, Instruction, LabelInstruction, VolumeInstruction } from '../ast.ts';
import { COMMENT_HINT } from '../comment-hint.ts';
import type { ConfigAdditions } from './config-lists.ts';
import { goDuration, goList, goQuotedList } from './go-format.ts';
import { type ImageDraft, withConfig, withShell } from './image-draft.ts';
import { exposedPorts, type PortSpec, splitPort } from './ports.ts';
import { isSignal } from './signals.ts';

/** Expands text of an instruction; errors carry the range. */
export interface Expander {
  word(text: string, range: SourceRange): string;
  /** Splits at blanks after expansion. */
  words(text: string, range: SourceRange): readonly string[];
}

export interface MetadataContext {
  readonly image: ImageDraft;
  readonly expand: Expander;
  /** A CMD of this very stage stands above: ENTRYPOINT keeps it. */
  readonly isCmdSet: boolean;
  /** Told of each port of EXPOSE before it is looked at closely. */
  readonly onPort: (port: PortSpec) => void;
}

export interface MetadataResult {
  readonly image: ImageDraft;
  readonly added?: ConfigAdditions;
  /** The history entry; ONBUILD has none. */
  readonly createdBy?: string;
}

const KINDS = [
  'cmd',
  'entrypoint',
  'shell',
  'label',
  'expose',
  'volume',
  'user',
  'stopsignal',
  'maintainer',
  'healthcheck',
  'onbuild',
] as const;
type MetadataKind = (typeof KINDS)[number];
/** An instruction that changes the config and makes no layer. */
export type MetadataInstruction = Instruction & { readonly kind: MetadataKind };

export function isMetadata(instruction: Instruction): instruction is MetadataInstruction {
  return (KINDS as readonly string[]).includes(instruction.kind);
}

type Appliers = {
  readonly [K in MetadataKind]: (
    instruction: Instruction & { readonly kind: K },
    context: MetadataContext,
  ) => MetadataResult;
};

const APPLIERS: Appliers = {
  cmd({ form, args }, { image }) {
    const Cmd = form === 'shell' ? withShell(image, args) : args;
    return { image: withConfig(image, { Cmd, ArgsEscaped: true }), createdBy: `CMD ${goQuotedList(Cmd)}` };
  },
  entrypoint({ form, args }, { image, isCmdSet }) {
    const Entrypoint = form === 'shell' ? withShell(image, args) : args;
    const changes = isCmdSet ? { Entrypoint } : { Entrypoint, Cmd: undefined };
    return { image: withConfig(image, changes), createdBy: `ENTRYPOINT ${goQuotedList(Entrypoint)}` };
  },
  shell: ({ args }, { image }) => ({ image: withConfig(image, { Shell: args }), createdBy: `SHELL ${goList(args)}` }),
  label: applyLabel,
  expose({ ports }, { image, expand, onPort }) {
    const sorted = [...ports].sort((a, b) => (a.text < b.text ? -1 : 1));
    const specs = sorted.flatMap(({ text, range }) => expand.words(text, range).map((spec) => ({ spec, range })));
    const exposed = specs.flatMap(({ spec, range }) =>
      located(range, () => {
        const port = splitPort(spec);
        onPort(port);
        return exposedPorts(port);
      }),
    );
    return { image, added: { ports: exposed }, createdBy: `EXPOSE ${goList(exposed)}` };
  },
  volume: applyVolume,
  user({ user }, { image, expand }) {
    const User = expand.word(user.text, user.range);
    return { image: withConfig(image, { User }), createdBy: `USER ${User}` };
  },
  stopsignal({ signal }, { image, expand }) {
    const StopSignal = expand.word(signal.text, signal.range);
    if (!isSignal(StopSignal)) {
      throw new BuildError('instruction-invalid', `invalid signal: ${StopSignal}`, {
        range: signal.range,
        hint: StopSignal.includes('#') ? COMMENT_HINT : 'write a Linux signal, such as SIGTERM or 15',
      });
    }
    return { image: withConfig(image, { StopSignal }), createdBy: `STOPSIGNAL ${StopSignal}` };
  },
  maintainer: ({ name }, { image }) => ({ image: { ...image, author: name }, createdBy: `MAINTAINER ${name}` }),
  healthcheck(instruction, { image }) {
    const { health, text } = healthcheckOf(instruction);
    return { image: withConfig(image, { Healthcheck: health }), createdBy: `HEALTHCHECK ${text}` };
  },
  onbuild: ({ trigger }, { image }) => ({ image, added: { trigger } }),
};

export function applyMetadata(instruction: MetadataInstruction, context: MetadataContext): MetadataResult {
  const apply = APPLIERS[instruction.kind] as (
    instruction: MetadataInstruction,
    context: MetadataContext,
  ) => MetadataResult;
  return apply(instruction, context);
}

function applyLabel({ pairs }: LabelInstruction, { image, expand }: MetadataContext): MetadataResult {
  const labels = pairs.map(
    ({ key, value, range }) => [expand.word(key, range), expand.word(value ?? '', range)] as const,
  );
  return {
    image,
    added: { labels },
    createdBy: ['LABEL', ...labels.map(([key, value]) => `${key}=${value}`)].join(' '),
  };
}

function applyVolume({ paths }: VolumeInstruction, { image, expand }: MetadataContext): MetadataResult {
  const volumes = paths.map(({ text, range }) => {
    const path = expand.word(text, range);
    if (path === '') {
      throw new BuildError('instruction-invalid', 'VOLUME specified can not be an empty string', {
        range,
        hint: 'name a path; a variable that is not set expands to nothing',
      });
    }
    return path;
  });
  return { image, added: { volumes }, createdBy: `VOLUME ${goList(volumes)}` };
}

function healthcheckOf(instruction: HealthcheckInstruction): { health: Healthcheck; text: string } {
  const { test, intervalNs = 0, timeoutNs = 0, startPeriodNs = 0, startIntervalNs = 0, retries = 0 } = instruction;
  const Test = test === 'none' ? ['NONE'] : [test.form === 'shell' ? 'CMD-SHELL' : 'CMD', ...test.args];
  const durations = {
    Interval: intervalNs,
    Timeout: timeoutNs,
    StartPeriod: startPeriodNs,
    StartInterval: startIntervalNs,
  };
  const words = Object.entries(durations).map(([name, ns]) => `${name}:${goDuration(ns)}`);
  const set = Object.entries({ ...durations, Retries: retries }).filter(([, value]) => value !== 0);
  return {
    health: { Test, ...Object.fromEntries(set) },
    text: `{Test:${goList(Test)} ${words.join(' ')} Retries:${retries}}`,
  };
}

function located<T>(range: SourceRange, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw error instanceof BuildError ? error.at(range) : error;
  }
}
