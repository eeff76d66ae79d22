import { BuildError } from '../../../src/errors.ts';
import type { Diagnostic, Lowered } from '../../../src/frontend/index.ts';
import type { CopyOp } from '../../../src/graph/index.ts';
import type { ContainerConfig } from '../../../src/image/oci/index.ts';
import { config, fakeResolver, type GivenOptions, lowerText, ops, own, stepNames } from '../lower/rig.ts';
import { parse, place } from '../parse/rig.ts';

/** What a text comes to. A row gives the parts that its rule is about. */
export interface Effect {
  /** `line:column-line:column code message` of each error. */
  readonly errors?: readonly string[];
  /** Of the first error. */
  readonly hint?: string;
  /** `line rule` of each finding. */
  readonly findings?: readonly string[];
  readonly directives?: object;
  /** Of each instruction, as joined. */
  readonly lines?: readonly string[];
  /** Those of the named variables that the config has, and the like: a part of it. */
  readonly config?: Readonly<Record<string, unknown>>;
  readonly author?: string;
  readonly platform?: string;
  readonly history?: readonly string[];
  readonly labels?: ContainerConfig['Labels'];
  /** Of each RUN. */
  readonly argv?: readonly (readonly string[])[];
  /** Of the last RUN, without PATH. */
  readonly env?: readonly string[];
  /** Parts of each RUN. */
  readonly runs?: readonly object[];
  /** Parts of each COPY and ADD. */
  readonly copies?: readonly (Omit<Partial<CopyOp>, 'sources'> & { readonly sources?: readonly string[] })[];
  /** Parts of what each WORKDIR makes. */
  readonly dirs?: readonly object[];
  readonly steps?: readonly string[];
  /** The stages that are needed. */
  readonly reached?: readonly string[];
  /** The images that were asked for. */
  readonly asked?: readonly string[];
}

export type Observed = { readonly [K in keyof Effect]?: unknown };

/** Parses and lowers as a build does. */
export async function observe(text: string, given: GivenOptions): Promise<Observed> {
  const { errors, directives, instructions, diagnostics } = parse(text);
  const parsed = { directives, lines: instructions.map((instruction) => instruction.text) };
  if (errors.length > 0) return { ...parsed, ...errorsOf(errors), findings: findingsOf(diagnostics) };
  const resolver = fakeResolver(given.images ?? { base: {}, other: {} });
  let found: readonly Diagnostic[] = [];
  const report = (all: readonly Diagnostic[]): void => {
    found = all;
  };
  try {
    const lowered = await lowerText(text, { resolver, ...given, report });
    return { ...parsed, errors: [], findings: findingsOf(found), asked: namesOf(resolver.asked), ...partsOf(lowered) };
  } catch (error) {
    if (!(error instanceof BuildError)) throw error;
    return { ...parsed, ...errorsOf([error]), findings: findingsOf(found), asked: namesOf(resolver.asked) };
  }
}

function errorsOf(errors: readonly BuildError[]): Observed {
  return {
    errors: errors.map(({ range, code, message }) => `${place(range)} ${code} ${message}`),
    hint: errors[0]?.hint,
  };
}

function findingsOf(found: readonly Diagnostic[]): readonly string[] {
  return found.map(({ range, code }) => `${range.startLine} ${code}`);
}

function namesOf(asked: readonly string[]): readonly string[] {
  return asked.map((call) => call.split(' ')[0] ?? '');
}

function partsOf(lowered: Lowered): Observed {
  const target = lowered.definition.targets[0];
  const runs = ops(lowered, 'run');
  return {
    config: config(lowered),
    author: target?.config.author,
    platform: `${target?.config.os ?? ''}/${target?.config.architecture ?? ''}`,
    history: own(lowered),
    labels: config(lowered).Labels ?? {},
    argv: runs.map(({ argv }) => argv),
    env: runs.at(-1)?.env.filter((pair) => !pair.startsWith('PATH=')),
    runs,
    copies: ops(lowered, 'copy').map((op) => ({ ...op, sources: op.sources.map(sourceText) })),
    dirs: ops(lowered, 'mkdir'),
    steps: stepNames(lowered),
    reached: lowered.stages.filter(({ isReached }) => isReached).map(({ index, name }) => name ?? String(index)),
  };
}

/** A path, or `NAME: content`. */
function sourceText(source: CopyOp['sources'][number]): string {
  return source.kind === 'path' ? source.path : `${source.name}: ${source.content}`;
}
