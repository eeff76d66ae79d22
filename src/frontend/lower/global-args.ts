import { formatPlatform, type Platform } from '../../image/oci/index.ts';
import type { ArgInstruction } from '../ast.ts';
import { BuildEnv } from '../config/index.ts';
import type { LowerOptions } from '../options.ts';
import { type GlobalArg, summariseArg } from './arg-summaries.ts';
import { type Escape, makeExpander } from './expander.ts';

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
export function readGlobals(
  instructions: readonly ArgInstruction[],
  { options, target, escapeToken }: ArgContext,
): Omit<BuildArgs, 'epoch'> {
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
  return { given, globals, declared };
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
