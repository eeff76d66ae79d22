import { BuildError, type SourceRange } from '../../errors.ts';
import type { GitOp, HttpOp } from '../../graph/index.ts';
import type { ArgInstruction, CopyInstruction } from '../ast.ts';
import type { BuildEnv } from '../config/index.ts';
import type { NamedContext } from '../options.ts';
import { type Escape, makeExpander } from './expander.ts';
import { findFlag } from './flags.ts';
import { type ArgContext, type BuildArgs, readGlobals } from './global-args.ts';
import { remoteSource } from './remote-sources.ts';
import type { StageText, WrittenStages } from './stages.ts';

const EPOCH = 'SOURCE_DATE_EPOCH';

/** What SOURCE_DATE_EPOCH may name instead of a time. */
export type DateSource =
  | GitOp
  | HttpOp
  /** '' is the main context. */
  | { readonly kind: 'context'; readonly name: string };

/** Seconds; undefined for what has no date of its own. */
export type DateOf = (source: DateSource) => Promise<number | undefined>;

/** Those of the command line and above the first FROM, with what SOURCE_DATE_EPOCH comes to. @throws BuildError flag-invalid */
export async function readBuildArgs(
  { globals: instructions, stages }: WrittenStages,
  { dateOf, ...context }: ArgContext & { readonly dateOf?: DateOf | undefined },
): Promise<BuildArgs> {
  const { declared, ...args } = readGlobals(instructions, context);
  const { escapeToken, options } = context;
  const range = args.given.has(EPOCH) ? undefined : declared.findLast(({ name }) => name === EPOCH)?.range;
  const epoch = await epochOf({ ...args, range, stages, contexts: options.contexts, escapeToken, dateOf });
  return { ...settled(args, epoch), declared };
}

/** What has no date is as good as not given, nothing too. */
function settled(
  { given, globals }: Pick<BuildArgs, 'given' | 'globals'>,
  epoch: number | undefined,
): Omit<BuildArgs, 'declared'> {
  if (!given.has(EPOCH) && (globals.get(EPOCH) ?? '') === '') return { given, globals, epoch: undefined };
  if (epoch === undefined) {
    const rest = new Map(given);
    rest.delete(EPOCH);
    return { given: rest, globals: globals.without(EPOCH), epoch };
  }
  const value = String(epoch);
  return {
    given: given.has(EPOCH) ? new Map([...given, [EPOCH, value]]) : given,
    globals: globals.has(EPOCH) ? globals.with([[EPOCH, value]]) : globals,
    epoch,
  };
}

interface EpochContext {
  readonly given: ReadonlyMap<string, string>;
  readonly globals: BuildEnv;
  /** Of the ARG that gave it; undefined when the command line did. */
  readonly range: SourceRange | undefined;
  readonly stages: readonly StageText[];
  readonly contexts: ReadonlyMap<string, NamedContext>;
  readonly escapeToken: Escape;
  /** Without it nothing that is named has a date. */
  readonly dateOf?: DateOf | undefined;
}

/**
 * SOURCE_DATE_EPOCH in seconds: a number; `context`, a named context, or a stage that only fetches.
 * @throws BuildError flag-invalid for anything else
 */
async function epochOf(context: EpochContext): Promise<number | undefined> {
  const text = context.given.get(EPOCH) ?? context.globals.get(EPOCH) ?? '';
  if (text === '') return undefined;
  const seconds = secondsOf(text);
  if (seconds !== undefined) return inYears(seconds, context.range);
  const source = namedSource(text, context);
  return context.dateOf?.(source);
}

/** What fits into 64 bits; undefined for a name. */
function secondsOf(text: string): bigint | undefined {
  if (!/^[+-]?\d+$/.test(text)) return undefined;
  const seconds = BigInt(text.replace(/^\+/, ''));
  return BigInt.asIntN(64, seconds) === seconds ? seconds : undefined;
}

/** The years that a config can write. */
const YEARS = { first: Date.parse('0000-01-01') / 1000, last: Date.parse('9999-12-31T23:59:59Z') / 1000 };

function inYears(seconds: bigint, range: SourceRange | undefined): number {
  if (seconds >= YEARS.first && seconds <= YEARS.last) return Number(seconds);
  throw new BuildError('flag-invalid', `invalid ${EPOCH}: ${seconds} lies outside of the years 0 to 9999`, {
    range,
    hint: 'it counts seconds since 1970, not milliseconds',
  });
}

function namedSource(text: string, context: EpochContext): DateSource {
  if (text === 'context') return { kind: 'context', name: '' };
  const name = text.toLowerCase();
  if (context.contexts.has(name)) return { kind: 'context', name };
  const stage = context.stages.find(({ from }) => from.as?.text.toLowerCase() === name);
  if (stage === undefined)
    throw new BuildError('flag-invalid', `invalid ${EPOCH}: ${text}`, {
      range: context.range,
      hint: `give whole seconds since 1970, such as --build-arg ${EPOCH}=$(git log -1 --format=%ct), context, or a stage`,
    });
  return sourceOfStage(stage, context);
}

/** What the one ADD of a stage on scratch fetches. */
function sourceOfStage({ from, instructions }: StageText, context: EpochContext): DateSource {
  const { escapeToken } = context;
  let env = context.globals.without(EPOCH);
  const expand = (text: string, range: SourceRange): string => makeExpander(env, escapeToken).word(text, range);
  if (expand(from.image.text, from.image.range) !== 'scratch') throw unfit('must be FROM scratch', from.range);
  let source: DateSource | undefined;
  for (const instruction of instructions) {
    if (instruction.kind === 'arg') env = withArgs(env, instruction, context);
    else if (instruction.kind !== 'add') throw unfit(`cannot have ${instruction.keyword}`, instruction.range);
    else if (source === undefined) source = sourceOfAdd(instruction, expand);
    else throw unfit('must have exactly one ADD', instruction.range);
  }
  if (source === undefined) throw unfit('must have exactly one ADD', from.range);
  return source;
}

function withArgs(env: BuildEnv, { pairs }: ArgInstruction, { given, escapeToken }: EpochContext): BuildEnv {
  return pairs.reduce((before, { key, value, range }) => {
    const set =
      given.get(key) ?? (value === undefined ? undefined : makeExpander(before, escapeToken).word(value, range));
    return set === undefined ? before : before.with([[key, set]]);
  }, env);
}

function sourceOfAdd(add: CopyInstruction, expand: (text: string, range: SourceRange) => string): DateSource {
  const [word, ...more] = add.sources;
  const range = word?.range ?? add.range;
  const flag = findFlag(add, 'checksum');
  const checksum = flag?.value === undefined ? undefined : expand(flag.value, flag.range);
  const remote =
    word === undefined || more.length > 0
      ? undefined
      : remoteSource(expand(word.text, range), { instruction: add, range, checksum, isDated: true });
  const op = remote?.vertex.op;
  if (op?.kind === 'git' || op?.kind === 'http') return op;
  throw unfit('must ADD one http, https or git URL', range);
}

function unfit(what: string, range: SourceRange): BuildError {
  return new BuildError('flag-invalid', `a stage that ${EPOCH} names ${what}`, {
    range,
    hint: 'it is FROM scratch, ARGs, and one ADD of a URL, whose date counts',
  });
}
