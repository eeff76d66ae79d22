import { BuildError } from '../../errors.ts';
import { makeVertex, type PlannedHistory, type Vertex } from '../../graph/index.ts';
import type { Findings } from '../checks/index.ts';
import {
  BuildEnv,
  ConfigLists,
  emptyImage,
  type ImageDraft,
  inheritedImage,
  splitPair,
  withConfig,
} from '../config/index.ts';
import type { LowerOptions } from '../options.ts';
import type { StageArg } from './arg-summaries.ts';
import { type Escape, makeExpander } from './expander.ts';
import type { Externals, Resolved } from './externals.ts';
import { reportPlatform } from './from-reports.ts';
import type { BuildArgs } from './global-args.ts';
import { lowerInstruction } from './instructions.ts';
import type { Command, Source } from './links.ts';
import type { Reached } from './reach.ts';
import { reportInstruction, reportingExpander } from './reports.ts';
import { imageVertex, makeSourceVertices, type SourceVertices } from './source-vertices.ts';
import { type Lowering, type StageDraft, type Step, stepOrigin } from './stage-draft.ts';
import type { External, Stage } from './stages.ts';
import { assertBuildsForWindows } from './windows.ts';
import { nextWorkdir } from './workdir.ts';

/** What a stage came to. */
export interface BuiltStage {
  /** A stack of layers. */
  readonly vertex: Vertex;
  /** What COPY --from and mounts read: the stack, or the directory that replaces the stage. */
  readonly source: Vertex;
  readonly image: ImageDraft;
  readonly env: BuildEnv;
  readonly args: ReadonlyMap<string, string>;
  readonly history: readonly PlannedHistory[];
  readonly isWorkdirSet: boolean;
}

export interface StagesContext {
  readonly options: LowerOptions;
  readonly args: BuildArgs;
  readonly escapeToken: Escape;
  readonly externals: Externals;
  readonly findings: Findings;
  readonly stageArgs: StageArg[];
}

/** Lowers the reached stages in Dockerfile order: a stage can use those above it. */
export function buildStages(reached: Reached, given: StagesContext): (stage: Stage) => BuiltStage {
  const built = new Map<Stage, BuiltStage>();
  const context = { ...given, vertices: makeSourceVertices() };
  const lowering = makeLowering(built, context);
  for (const stage of reached.stages) reportBase(stage, given);
  for (const stage of reached.stages) built.set(stage, buildStage(stage, { reached, built, lowering, context }));
  return (stage) => {
    const found = built.get(stage);
    if (found === undefined) throw new Error(`stage ${stage.label} was not reached`);
    return found;
  };
}

/** A context that stands for an image is of the platform that it is of. */
function reportBase({ base, from }: Stage, { externals, findings }: StagesContext): void {
  const resolved = base.kind === 'external' ? externals.get(base.external) : undefined;
  if (base.kind !== 'external' || resolved?.kind !== 'image' || resolved.isContext) return;
  reportPlatform(from, { ...resolved, name: base.external.name }, findings);
}

interface BuildContext {
  readonly reached: Reached;
  readonly built: ReadonlyMap<Stage, BuiltStage>;
  readonly lowering: Lowering;
  readonly context: StagesContext & { readonly vertices: SourceVertices };
}

function buildStage(stage: Stage, { reached, built, lowering, context }: BuildContext): BuiltStage {
  const commands = reached.commandsOf(stage);
  const label = reached.isSingle ? '' : stage.label;
  const parent = stage.base.kind === 'stage' ? built.get(stage.base.stage) : undefined;
  const resolved = stage.base.kind === 'stage' ? undefined : context.externals.get(stage.base.external);
  const shape = { label, steps: countSteps(commands), vertices: context.vertices };
  const draft =
    resolved === undefined ? draftOnStage(stage, { ...shape, parent }) : draftOnExternal(stage, { ...shape, resolved });
  // A check only reads.
  if (context.options.isCheck !== true) {
    assertBuildsForWindows(draft, { isOnImage: resolved?.kind === 'image', commands });
  }
  for (const command of commands) lowerCommand(command, draft, lowering);
  const { vertex, lists, env, args, history, isWorkdirSet } = draft;
  const image = lists.appliedTo(draft.image);
  const isReplaced = stage.base.kind === 'replaced' && resolved?.kind === 'directory';
  const source = isReplaced ? context.vertices.context(resolved.context) : vertex;
  return { vertex, source, image, env, args, history, isWorkdirSet };
}

function lowerCommand(command: Command, draft: StageDraft, lowering: Lowering): void {
  const range = command.isTrigger ? draft.stage.from.range : command.instruction.range;
  const expand = reportingExpander(command.instruction, { draft, lowering });
  const step: Step = { draft, command, range, lowering, expand };
  try {
    lowerInstruction(command.instruction, step);
    reportInstruction(command.instruction, step);
  } catch (error) {
    throw error instanceof BuildError ? error.at(range).within(range) : error;
  }
}

interface DraftShape {
  readonly label: string;
  /** How many of the stage's instructions are steps. */
  readonly steps: number;
  readonly vertices: SourceVertices;
}

const STEP_KINDS: ReadonlySet<string> = new Set(['copy', 'add', 'run', 'workdir']);

function countSteps(commands: readonly Command[]): number {
  return commands.filter(({ instruction }) => STEP_KINDS.has(instruction.kind)).length;
}

/** The parent's variables, with those of its image config set again: ENV wins over ARG in a child. */
function draftOnStage(
  stage: Stage,
  { label, steps, parent }: DraftShape & { parent: BuiltStage | undefined },
): StageDraft {
  if (parent === undefined) throw new Error(`the base of stage ${stage.label} is not built`);
  const image = inheritedImage(parent.image);
  return {
    ...emptyDraft(stage, label, steps),
    vertex: parent.vertex,
    image,
    lists: new ConfigLists(image),
    env: parent.env.with((image.config.Env ?? []).map(splitPair)),
    args: new Map(parent.args),
    history: [...parent.history],
    isWorkdirSet: parent.isWorkdirSet,
  };
}

function draftOnExternal(
  stage: Stage,
  { label, steps, resolved, vertices }: DraftShape & { resolved: Resolved },
): StageDraft {
  const image = startingImage(resolved, externalOf(stage));
  const draft: StageDraft = {
    ...emptyDraft(stage, label, resolved.kind === 'scratch' ? steps : steps + 1),
    isOnContext: resolved.kind === 'directory' || (resolved.kind === 'image' && resolved.isContext),
    vertex: vertices.scratch,
    image,
    lists: new ConfigLists(image),
    env: BuildEnv.of((image.config.Env ?? []).map(splitPair)),
    args: new Map(),
    history: [],
  };
  if (resolved.kind === 'image') {
    draft.vertex = imageVertex(resolved, fromOrigin(draft));
    for (const entry of resolved.image.config.history ?? []) draft.history.push({ kind: 'base', entry });
  }
  if (resolved.kind === 'directory') putDirectory(draft, resolved.context, vertices.context(resolved.context));
  return draft;
}

/** A base's work directory is set once more, as by a WORKDIR without a layer. */
function startingImage(resolved: Resolved, { platform }: External): ImageDraft {
  if (resolved.kind !== 'image') return emptyImage(platform);
  const image = inheritedImage(resolved.image.config);
  const { WorkingDir } = image.config;
  return WorkingDir === undefined ? image : withConfig(image, { WorkingDir: nextWorkdir(WorkingDir, WorkingDir) });
}

/** FROM a directory: a layer with its content, of which the history has no entry. */
function putDirectory(draft: StageDraft, context: string, directory: Vertex): void {
  const op = {
    kind: 'copy',
    instruction: 'COPY',
    sources: [{ kind: 'path', input: 1, path: '/' }],
    dest: '/',
    link: false,
    parents: false,
    excludes: [],
    unpack: false,
  } as const;
  draft.vertex = makeVertex(op, [draft.vertex, directory], fromOrigin(draft));
  draft.history.push({ kind: 'untold', description: `local source for ${context}`, vertex: draft.vertex });
}

function emptyDraft(stage: Stage, label: string, total: number) {
  const none = { isOnContext: false, isCmdSet: false, isWorkdirSet: false, seen: undefined };
  return { stage, label, total, steps: 0, once: new Map(), ...none };
}

function externalOf({ base, label }: Stage): External {
  if (base.kind === 'stage') throw new Error(`stage ${label} stands on a stage`);
  return base.external;
}

function fromOrigin(draft: StageDraft) {
  const { from } = draft.stage;
  const text = `FROM ${externalOf(draft.stage).name}`;
  return stepOrigin(draft, {
    text,
    kind: 'FROM',
    range: from.range,
    isTrigger: false,
    buildArgs: {},
    ignoreCache: false,
  });
}

function makeLowering(built: ReadonlyMap<Stage, BuiltStage>, context: BuildContext['context']): Lowering {
  const { options, args, escapeToken, externals, findings, stageArgs, vertices } = context;
  return {
    options,
    args,
    escapeToken,
    findings,
    stageArgs,
    seenVariables: 0,
    expanderOf: (env, tellUnset) => makeExpander(env, escapeToken, tellUnset),
    sourceVertex(source, step) {
      if (source === undefined) return vertices.context('');
      if (source.kind === 'stage') return built.get(source.stage)?.source ?? refuseLater(source, step);
      return vertices.external(externals.get(source.external), { name: source.external.name, range: step.range });
    },
  };
}

function refuseLater({ stage, range }: Extract<Source, { kind: 'stage' }>, { draft, command }: Step): never {
  const message =
    command.instruction.kind === 'run'
      ? `cannot mount from stage "${stage.label}", it needs to be defined before current command of stage "${draft.stage.label}"`
      : `cannot copy from stage "${stage.label}", it needs to be defined before current stage "${draft.stage.label}"`;
  throw new BuildError('stage-unknown', message, {
    range,
    hint: `move the stage ${stage.label} (line ${stage.from.range.startLine}) above this one`,
  });
}
