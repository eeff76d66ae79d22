import type { Platform } from '../../image/oci/index.ts';
import type { Escape } from './expander.ts';
import type { Externals } from './externals.ts';
import { assertNoCycle, type Command, type LinkContext, linkCommand } from './links.ts';
import type { External, Stage } from './stages.ts';
import { parseTriggers } from './triggers.ts';

/** The part of a Dockerfile that the target needs. */
export interface Reached {
  /** In Dockerfile order. */
  readonly stages: readonly Stage[];
  /** Triggers first. */
  commandsOf(stage: Stage): readonly Command[];
  /** A Dockerfile of one stage that reads no other image: its steps need no stage name. */
  readonly isSingle: boolean;
}

export interface ReachContext {
  readonly externals: Externals;
  readonly escapeToken: Escape;
  readonly targetPlatform: Platform;
  readonly file: string;
  readonly signal: AbortSignal;
}

/**
 * Follows FROM, --from and mounts from the roots, which are the target alone unless all stages are checked. Triggers of the bases may name further stages and images, so it goes on
 * until nothing new turns up. They fire only in stages that the target needs, as in BuildKit.
 */
export async function reachStages(
  stages: readonly Stage[],
  { target, roots }: { readonly target: Stage; readonly roots: readonly Stage[] },
  context: ReachContext,
): Promise<Reached> {
  const byName = new Map(stages.flatMap((stage) => (stage.name === undefined ? [] : [[stage.name, stage]])));
  const links = { ...context, stages, byName };
  const commands = new Map(stages.map((stage) => [stage, linkStage(stage, links)]));
  const commandsOf = (stage: Stage): readonly Command[] => commands.get(stage) ?? [];
  assertNoCycle(stages, commandsOf);
  const isSingle = stages.length === 1 && !stages.some((stage) => externalSources(commandsOf(stage)).length > 0);
  const fired = new Set<Stage>();
  for (;;) {
    const reached = reachableFrom(roots, commandsOf);
    const inOrder = stages.filter((stage) => reached.has(stage));
    context.externals.assertNames(stages.flatMap((stage) => writtenNames(stage, commandsOf(stage))));
    await context.externals.resolve(
      inOrder.flatMap((stage) => externalsOf(stage, commandsOf(stage))),
      context,
    );
    const needed = reachableFrom([target], commandsOf);
    const waiting = inOrder.filter((stage) => needed.has(stage) && !fired.has(stage));
    if (waiting.length === 0) return { stages: inOrder, commandsOf, isSingle };
    for (const stage of waiting) {
      fired.add(stage);
      commands.set(stage, [...triggersOf(stage, links), ...commandsOf(stage)]);
    }
  }
}

function linkStage(stage: Stage, links: Links): readonly Command[] {
  if (stage.base.kind === 'replaced') return [];
  return stage.instructions.map((instruction) => linkCommand(instruction, false, { ...links, stage }));
}

type Links = ReachContext & Pick<LinkContext, 'stages' | 'byName'>;

function triggersOf(stage: Stage, links: Links): readonly Command[] {
  const { file, externals } = links;
  const { range } = stage.from;
  const base = stage.base.kind === 'stage' ? stage.base.stage.label : stage.base.external.name;
  const instructions = parseTriggers(triggerTexts(stage, externals), { file, range, base });
  return instructions.map((instruction) => linkCommand(instruction, true, { ...links, stage }));
}

function triggerTexts({ base }: Stage, externals: Externals): readonly string[] {
  if (base.kind === 'replaced') return [];
  if (base.kind === 'stage') {
    return base.stage.instructions.flatMap((instruction) =>
      instruction.kind === 'onbuild' ? [instruction.trigger] : [],
    );
  }
  const resolved = externals.get(base.external);
  return resolved.kind === 'image' ? (resolved.image.config.config.OnBuild ?? []) : [];
}

function reachableFrom(roots: readonly Stage[], commandsOf: (stage: Stage) => readonly Command[]): ReadonlySet<Stage> {
  const reached = new Set<Stage>(roots);
  for (const stage of reached) for (const needed of neededBy(stage, commandsOf(stage))) reached.add(needed);
  return reached;
}

/** Of every stage: a name that is none is an error where nothing needs it, too, and where a context stands for the stage. */
function writtenNames({ base }: Stage, commands: readonly Command[]): readonly External[] {
  if (base.kind === 'replaced') return [base.written];
  return [...(base.kind === 'stage' ? [] : [base.external]), ...externalSources(commands)];
}

/** What a stage needs, in the order in which questions about it are answered: itself, its base with all of that, what it reads from. */
export function visitOrder(target: Stage, { commandsOf }: Pick<Reached, 'commandsOf'>): readonly Stage[] {
  const visited = new Set<Stage>();
  // A stack of its own, for stages may hang on each other by the thousand.
  const waiting = [target];
  for (let stage = waiting.pop(); stage !== undefined; stage = waiting.pop()) {
    if (visited.has(stage)) continue;
    visited.add(stage);
    for (const needed of neededBy(stage, commandsOf(stage)).reverse()) waiting.push(needed);
  }
  return [...visited];
}

function neededBy({ base }: Stage, commands: readonly Command[]): Stage[] {
  const read = commands.flatMap(({ sources }) =>
    sources.flatMap((source) => (source?.kind === 'stage' ? source.stage : [])),
  );
  return base.kind === 'stage' ? [base.stage, ...read] : read;
}

function externalsOf({ base }: Stage, commands: readonly Command[]): readonly External[] {
  return [...(base.kind === 'stage' ? [] : [base.external]), ...externalSources(commands)];
}

function externalSources(commands: readonly Command[]): readonly External[] {
  return commands.flatMap(({ sources }) =>
    sources.flatMap((source) => (source?.kind === 'external' ? [source.external] : [])),
  );
}
