import type { SourceRange } from '../../errors.ts';
import { makeVertex, type Op, type Origin, type PlannedHistory, type Vertex } from '../../graph/index.ts';
import type { Instruction } from '../ast.ts';
import type { Findings } from '../checks/index.ts';
import type { BuildEnv, ConfigLists, ImageDraft } from '../config/index.ts';
import type { LowerOptions } from '../options.ts';
import type { StageArg } from './arg-summaries.ts';
import type { Escape, RecordingExpander } from './expander.ts';
import type { BuildArgs } from './global-args.ts';
import type { Command, Source } from './links.ts';
import type { Stage } from './stages.ts';
import { stepName } from './step-names.ts';

/** A stage while its instructions are lowered, one after the other. */
export interface StageDraft {
  readonly stage: Stage;
  /** For step names: '' when there is nothing to tell apart. */
  readonly label: string;
  /** How many steps the stage has, FROM an image counted. */
  readonly total: number;
  /** The base is a named context: BuildKit counts it, but gives it no number. */
  readonly isOnContext: boolean;
  vertex: Vertex;
  /** Without what `lists` holds. */
  image: ImageDraft;
  readonly lists: ConfigLists;
  env: BuildEnv;
  /** ARG names in the order of their first declaration, those of parent stages first, with the value last declared. */
  readonly args: Map<string, string>;
  /** What the last RUN saw, to be seen again by the next when nothing was set in between. */
  seen: SeenVariables | undefined;
  readonly history: PlannedHistory[];
  /** Steps so far. */
  steps: number;
  isCmdSet: boolean;
  /** CMD, ENTRYPOINT and HEALTHCHECK of this very stage: the last of each kind so far. */
  readonly once: Map<Instruction['kind'], Instruction>;
  /** A WORKDIR of this Dockerfile stands above, in this stage or in those below it. */
  isWorkdirSet: boolean;
}

/** The variables of a RUN, in the forms in which its op, its history and its origin have them. */
export interface SeenVariables {
  readonly env: BuildEnv;
  readonly pairs: readonly string[];
  /** `|2 A=1 B=2 `; empty without ARGs. */
  readonly history: string;
  readonly buildArgs: Origin['buildArgs'];
}

/** One instruction being lowered. */
export interface Step {
  readonly draft: StageDraft;
  readonly command: Command;
  /** Of the instruction, or of the FROM that fired it. */
  readonly range: SourceRange;
  /** For what BuildKit expands, once each: names that stand for nothing are reported. */
  readonly expand: RecordingExpander;
  readonly lowering: Lowering;
}

/** What all stages of one build share. */
export interface Lowering {
  readonly options: LowerOptions;
  readonly escapeToken: Escape;
  readonly args: BuildArgs;
  readonly findings: Findings;
  /** How many variables the RUNs so far see, those that see the same counted once. */
  seenVariables: number;
  /** Grows with each ARG that is lowered. */
  readonly stageArgs: StageArg[];
  /** The stack or tree that a source stands for; of undefined, the build context. */
  sourceVertex(source: Source | undefined, step: Step): Vertex;
  /** @param tellUnset as makeExpander has it */
  expanderOf(env: BuildEnv, tellUnset?: (names: ReadonlySet<string>) => void): RecordingExpander;
}

export interface NewStep {
  readonly op: Op;
  readonly inputs: readonly Vertex[];
  /** What the step does, without its place. */
  readonly text: string;
  readonly kind: string;
  readonly createdBy: string;
  /** What is said of the layer where the history has no entry for it; the step's name when absent. */
  readonly description?: string;
  /** The build args that the op could see. */
  readonly buildArgs: Origin['buildArgs'];
}

/** Puts a layer on the stage. */
export function addStep(
  { draft, command, range, lowering }: Step,
  { op, inputs, text, kind, createdBy, description, buildArgs }: NewStep,
): void {
  const origin = stepOrigin(draft, {
    text,
    kind,
    range,
    isTrigger: command.isTrigger,
    buildArgs,
    ignoreCache: isIgnored(draft.stage, lowering.options),
  });
  draft.vertex = makeVertex(op, inputs, origin);
  const { label, total, steps, isOnContext, vertex } = draft;
  const index = isOnContext ? steps - 1 : steps;
  const name = description ?? stepName(text, { label, index, total, isTrigger: command.isTrigger });
  draft.history.push({ kind: 'layer', createdBy, description: name, vertex });
}

export function addEmptyHistory(draft: StageDraft, createdBy: string): void {
  draft.history.push({ kind: 'empty', createdBy });
}

export interface StepText {
  readonly text: string;
  readonly kind: string;
  readonly range: SourceRange;
  readonly isTrigger: boolean;
  readonly buildArgs: Origin['buildArgs'];
  readonly ignoreCache: boolean;
}

/** Takes the stage's next step number. */
export function stepOrigin(
  draft: Pick<StageDraft, 'stage' | 'label' | 'total'> & { steps: number },
  { text, isTrigger, kind, range, buildArgs, ignoreCache }: StepText,
): Origin {
  draft.steps += 1;
  const index = draft.steps;
  const { label, total, stage } = draft;
  const name = stepName(text, { label, index, total, isTrigger });
  return { name, isStep: true, stage: stage.label, index, kind, range, buildArgs, ignoreCache };
}

/** Of what is no step: contexts, downloads, images that are only copied from. */
export function internalOrigin(name: string, range?: SourceRange): Origin {
  return { name, isStep: false, stage: '', index: 0, kind: '', range, buildArgs: {}, ignoreCache: false };
}

/** What is seen under the name of an ARG: its value, or that of an ENV that came later. */
export function argValue({ env, args }: Pick<StageDraft, 'env' | 'args'>, name: string): string {
  return env.get(name) ?? args.get(name) ?? '';
}

/** Of those of the names that are ARGs. */
export function argValues(draft: Pick<StageDraft, 'env' | 'args'>, names: Iterable<string>): Origin['buildArgs'] {
  return Object.fromEntries(
    [...names].filter((name) => draft.args.has(name)).map((name) => [name, argValue(draft, name)]),
  );
}

function isIgnored({ name }: Stage, { noCache, noCacheFilter }: LowerOptions): boolean {
  return noCache || (name !== undefined && noCacheFilter.some((filter) => filter.toLowerCase() === name));
}

/** Inputs of a vertex, each vertex once. */
export class InputList {
  readonly vertices: Vertex[];

  constructor(below: Vertex) {
    this.vertices = [below];
  }

  indexOf(vertex: Vertex): number {
    const at = this.vertices.indexOf(vertex);
    return at >= 0 ? at : this.vertices.push(vertex) - 1;
  }
}
