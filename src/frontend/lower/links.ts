import { BuildError, type SourceRange } from '../../errors.ts';
import type { Flag, Instruction } from '../ast.ts';
import { BuildEnv } from '../config/index.ts';
import { mountFields } from '../parse/index.ts';
import { type Escape, makeExpander, within } from './expander.ts';
import { nearest } from './names.ts';
import type { External, Stage } from './stages.ts';

/** An instruction of a stage with the other stages and images that it reads. */
export interface Command {
  readonly instruction: Instruction;
  /** Fired by ONBUILD of the base. */
  readonly isTrigger: boolean;
  /** COPY: one for --from. RUN: one for each --mount. undefined is the build context, or nothing at all. */
  readonly sources: readonly (Source | undefined)[];
}

export type Source =
  | { readonly kind: 'stage'; readonly stage: Stage; readonly range: SourceRange }
  | { readonly kind: 'external'; readonly external: External };

export interface LinkContext {
  readonly stages: readonly Stage[];
  /** The last stage of each name. */
  readonly byName: ReadonlyMap<string, Stage>;
  readonly escapeToken: Escape;
  readonly stage: Stage;
  readonly targetPlatform: Stage['platform'] & object;
}

/** Looks up what the instruction reads from. A name means the last stage of that name, else a context or an image. */
export function linkCommand(instruction: Instruction, isTrigger: boolean, context: LinkContext): Command {
  const { range } = instruction;
  return within(range, () => ({ instruction, isTrigger, sources: sourcesOf(instruction, { ...context, range }) }));
}

/** With the range of the instruction. */
type SourceContext = LinkContext & { readonly range: SourceRange };

function sourcesOf(instruction: Instruction, context: SourceContext): Command['sources'] {
  if (instruction.kind === 'copy') {
    const flag = instruction.flags.find(({ name }) => name === 'from');
    return flag?.value === undefined || flag.value === '' ? [] : [copySource(flag.value, flag, context)];
  }
  if (instruction.kind === 'run') {
    return mountFlags(instruction.flags).map((flag) => {
      const from = mountFrom(flag);
      return from === undefined ? undefined : mountSource(from, flag, context);
    });
  }
  return [];
}

/** Of every type: it may be a variable, and what does not read the source asks for it all the same. */
function mountFrom({ value = '', range }: Flag): string | undefined {
  const from = mountFields(value, range).findLast((field) => FROM.test(field));
  return from?.replace(FROM, '') || undefined;
}

const FROM = /^from=/i;

export function mountFlags(flags: readonly Flag[]): readonly Flag[] {
  return flags.filter(({ name }) => name === 'mount');
}

function copySource(from: string, { range }: Flag, context: SourceContext): Source {
  if (makeExpander(BuildEnv.EMPTY, context.escapeToken).word(from, range) !== from) {
    throw new BuildError('stage-unknown', `variable expansion is not supported for --from (${from})`, {
      range,
      hint: 'define a stage with FROM, using an ARG from above the first FROM, and copy from that',
    });
  }
  const index = /^[+-]?\d+$/.test(from) ? Number(from) : Number.NaN;
  // what an index cannot hold is a name
  if (!(Math.abs(index) < 2 ** 63)) return named(from, range, context);
  const stage = context.stages[index];
  if (stage !== undefined) return { kind: 'stage', stage, range };
  throw new BuildError('stage-unknown', `invalid stage index ${from}`, {
    range,
    hint: `this Dockerfile has ${context.stages.length} stages, 0 to ${context.stages.length - 1}; give stages names with FROM … AS NAME`,
  });
}

function mountSource(from: string, { range }: Flag, context: SourceContext): Source {
  if (makeExpander(BuildEnv.EMPTY, context.escapeToken).word(from, range) !== from) {
    throw new BuildError('stage-unknown', `'from' doesn't support variable expansion (${from})`, {
      range,
      hint: 'define an alias stage with FROM instead',
    });
  }
  return named(from, range, context);
}

function named(
  name: string,
  range: SourceRange,
  { byName, targetPlatform, range: instruction }: SourceContext,
): Source {
  const stage = byName.get(name.toLowerCase());
  if (stage !== undefined) return { kind: 'stage', stage, range };
  return { kind: 'external', external: { name, platform: targetPlatform, range, instruction } };
}

/** @throws BuildError stage-unknown when there is no such stage. */
export function findTarget(stages: readonly Stage[], target: string | undefined): Stage {
  const found = target === undefined ? stages.at(-1) : stages.findLast((stage) => stage.name === target.toLowerCase());
  if (found !== undefined) return found;
  const meant = nearest(target ?? '', stageNames(stages));
  throw new BuildError('stage-unknown', `target stage "${target ?? ''}" could not be found`, {
    hint: meant === undefined ? targetsHint(stages) : `did you mean ${meant}?`,
  });
}

export function stageNames(stages: readonly Stage[]): readonly string[] {
  return stages.flatMap(({ name }) => (name === undefined ? [] : [name]));
}

function targetsHint(stages: readonly Stage[]): string {
  const names = stageNames(stages);
  return names.length === 0 ? 'no stage has a name: add AS NAME to FROM' : `the stages are ${names.join(', ')}`;
}

/** @throws BuildError stage-cycle, located at the instruction that closes the circle: the last of its stage that does. */
export function assertNoCycle(stages: readonly Stage[], commandsOf: (stage: Stage) => readonly Command[]): void {
  const state = new Map<Stage, 'open' | 'done'>();
  const open: Visit[] = [];
  const enter = (stage: Stage): void => {
    state.set(stage, 'open');
    const links = commandsOf(stage).flatMap(({ sources }) => sources.filter((source) => source?.kind === 'stage'));
    const lastOfEach = new Map(links.map((link) => [link.stage, link]));
    open.push({ stage, links: [...lastOfEach.values()], next: 0 });
  };
  for (const first of stages) {
    if (!state.has(first)) enter(first);
    for (let visit = open.at(-1); visit !== undefined; visit = open.at(-1)) {
      const link = visit.links[visit.next++];
      const seen = link && state.get(link.stage);
      if (link === undefined) state.set(open.pop()?.stage ?? first, 'done');
      else if (seen === 'open') throw cycle(link.stage, { range: link.range, isOwn: link.stage === visit.stage });
      else if (seen === undefined) enter(link.stage);
    }
  }
}

/** A stage on the way down; a stack of its own, for stages may hang on each other by the thousand. */
interface Visit {
  readonly stage: Stage;
  readonly links: readonly Extract<Source, { kind: 'stage' }>[];
  next: number;
}

function cycle({ label }: Stage, { range, isOwn }: { range: SourceRange; isOwn: boolean }): BuildError {
  const message = `circular dependency detected on stage: ${label}${isOwn ? ', which copies from itself' : ''}`;
  return new BuildError('stage-cycle', message, {
    range,
    hint: 'copy from another stage, an earlier one; to use the base of this stage, give it a stage of its own',
  });
}
