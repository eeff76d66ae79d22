import { BuildError } from '../../errors.ts';
import { formatPlatform, type Platform } from '../../image/oci/index.ts';
import type { ArgInstruction } from '../ast.ts';
import { BuildEnv } from '../config/index.ts';
import type { LowerOptions } from '../options.ts';
import { type GlobalArg, summariseArg } from './arg-summaries.ts';
import { type Escape, makeExpander } from './expander.ts';

const EPOCH = 'SOURCE_DATE_EPOCH';

export interface BuildArgs {
  /** What --build-arg gave, with SOURCE_DATE_EPOCH resolved. */
  readonly given: ReadonlyMap<string, string>;
  /** What FROM lines see, and a stage's `ARG name` without a default. */
  readonly globals: BuildEnv;
  /** Seconds. */
  readonly epoch: number | undefined;
  readonly declared: readonly GlobalArg[];
}

export interface ArgContext {
  readonly options: LowerOptions;
  /** What TARGETSTAGE shall say; '' for a stage without a name. */
  readonly target: string;
  readonly escapeToken: Escape;
}

/** The ARGs above the first FROM, on top of the platform arguments. */
export function readBuildArgs(
  instructions: readonly ArgInstruction[],
  { options, target, escapeToken }: ArgContext,
): BuildArgs {
  const given = options.buildArgs;
  let globals = BuildEnv.of(automaticArgs(options, target).map(([name, value]) => [name, given.get(name) ?? value]));
  const declared: GlobalArg[] = [];
  for (const instruction of instructions) {
    for (const pair of instruction.pairs) {
      const { key, value, range } = pair;
      const expand = makeExpander(globals, escapeToken);
      const set = given.get(key) ?? (value === undefined ? undefined : expand.word(value, range));
      if (set !== undefined) globals = globals.with([[key, set]]);
      declared.push({ ...summariseArg(instruction, pair, set), uses: expand.used });
    }
  }
  return { ...withEpoch({ given, globals }, options), declared };
}

/** The predefined proxy arguments, in both cases, for the process only: no key, layer or history knows of them. */
export function proxyEnv(given: ReadonlyMap<string, string>): readonly string[] {
  return PROXIES.flatMap((name) => {
    const names = [...given.keys()].filter((key) => key.toLowerCase() === name).sort();
    const value = given.get(names.at(-1) ?? '') ?? '';
    return value === '' ? [] : [`${name.toUpperCase()}=${value}`, `${name}=${value}`];
  });
}

const PROXIES = ['http_proxy', 'https_proxy', 'ftp_proxy', 'no_proxy', 'all_proxy'];

function automaticArgs(options: LowerOptions, target: string): readonly (readonly [string, string])[] {
  const platform = options.platform ?? options.buildPlatform;
  return [
    ...platformArgs('BUILD', options.buildPlatform),
    ...platformArgs('TARGET', platform),
    ['TARGETSTAGE', target === '' ? 'default' : target],
  ];
}

function platformArgs(prefix: string, platform: Platform): readonly (readonly [string, string])[] {
  return [
    [`${prefix}PLATFORM`, formatPlatform(platform)],
    [`${prefix}OS`, platform.os],
    [`${prefix}OSVERSION`, platform.osVersion ?? ''],
    [`${prefix}ARCH`, platform.architecture],
    [`${prefix}VARIANT`, platform.variant ?? ''],
  ];
}

type WithEpoch = Omit<BuildArgs, 'declared'>;

function withEpoch({ given, globals }: Omit<WithEpoch, 'epoch'>, options: LowerOptions): WithEpoch {
  const text = given.get(EPOCH) ?? globals.get(EPOCH) ?? '';
  if (text === '') return { given, globals, epoch: undefined };
  if (/^[+-]?\d+$/.test(text)) {
    const epoch = Number(text);
    const value = String(epoch);
    return {
      given: given.has(EPOCH) ? new Map([...given, [EPOCH, value]]) : given,
      globals: globals.has(EPOCH) ? globals.with([[EPOCH, value]]) : globals,
      epoch,
    };
  }
  // A directory has no date of its own: the argument is as good as not given.
  const named = options.contexts.get(text.toLowerCase());
  if (text !== 'context' && named?.kind !== 'directory') throw invalidEpoch(text);
  const rest = new Map(given);
  rest.delete(EPOCH);
  return { given: rest, globals: globals.without(EPOCH), epoch: undefined };
}

function invalidEpoch(text: string): BuildError {
  return new BuildError('flag-invalid', `invalid SOURCE_DATE_EPOCH: ${text}`, {
    hint: 'give whole seconds since 1970, such as --build-arg SOURCE_DATE_EPOCH=$(git log -1 --format=%ct)',
  });
}
