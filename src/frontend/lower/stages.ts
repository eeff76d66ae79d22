import { BuildError, type SourceRange } from '../../errors.ts';
import { type Platform, parsePlatform } from '../../image/oci/index.ts';
import type { ArgInstruction, Dockerfile, FromInstruction, Instruction } from '../ast.ts';
import type { Findings } from '../checks/index.ts';
import type { BuildEnv } from '../config/index.ts';
import { type Escape, located, makeExpander, type RecordingExpander, within } from './expander.ts';
import { reportPlatformFlag, reportUndeclared } from './from-reports.ts';
import { type NamedContexts, nearest } from './names.ts';

/** From one FROM to the next. */
export interface Stage {
  /** Position in the Dockerfile, from 0. */
  readonly index: number;
  /** Lower case; undefined without AS. */
  readonly name: string | undefined;
  /** The name, or `stage-0`. */
  readonly label: string;
  readonly from: FromInstruction;
  readonly base: Base;
  readonly platform: Platform | undefined;
  readonly instructions: readonly Instruction[];
  /** The variables that its FROM names. */
  readonly uses: ReadonlySet<string>;
}

export type Base =
  | { readonly kind: 'stage'; readonly stage: Stage }
  /** An image, scratch or a named context: what stands behind the name is found out for stages that are needed only. */
  | { readonly kind: 'external'; readonly external: External }
  /** A --build-context of the stage's own name stands for all of it, also for the base that its FROM has written. */
  | { readonly kind: 'replaced'; readonly external: External; readonly written: External };

/** A name outside the Dockerfile's stages. */
export interface External {
  readonly name: string;
  readonly platform: Platform;
  readonly range: SourceRange;
  /** That names it. */
  readonly instruction: SourceRange;
  /** What to do when the name is wrong. */
  readonly hint?: string | undefined;
}

export interface WrittenStages {
  /** The ARGs above the first FROM. */
  readonly globals: readonly ArgInstruction[];
  readonly stages: readonly StageText[];
}

export interface StageText {
  readonly from: FromInstruction;
  readonly instructions: readonly Instruction[];
}

/** @throws BuildError when an instruction stands before the first FROM, or there is none. */
export function splitStages(dockerfile: Dockerfile): WrittenStages {
  const globals: ArgInstruction[] = [];
  const stages: { from: FromInstruction; instructions: Instruction[] }[] = [];
  for (const instruction of dockerfile.instructions) {
    const current = stages.at(-1);
    if (instruction.kind === 'from') stages.push({ from: instruction, instructions: [] });
    else if (current !== undefined) current.instructions.push(instruction);
    else if (instruction.kind === 'arg') globals.push(instruction);
    else throw beforeFrom(instruction);
  }
  if (stages.length === 0) {
    throw new BuildError('dockerfile-empty', 'dockerfile contains no stages to build', {
      hint: 'start with FROM IMAGE, or FROM scratch',
    });
  }
  return { globals, stages };
}

export interface StageContext {
  readonly globals: BuildEnv;
  readonly escapeToken: Escape;
  readonly targetPlatform: Platform;
  readonly buildPlatform: Platform;
  readonly contexts: NamedContexts;
  /** The names of all ARGs above the first FROM, those without a value too. */
  readonly declared: ReadonlySet<string>;
  readonly findings: Findings;
}

/** Expands the FROM lines, of all stages, needed or not. A base name that is an earlier stage's is that stage. */
export function planStages(texts: readonly StageText[], context: StageContext): readonly Stage[] {
  const stages: Stage[] = [];
  const byName = new Map<string, Stage>();
  for (const [index, { from, instructions }] of texts.entries()) {
    const { platform, external, uses } = within(from.range, () => expandFrom(from, context));
    const name = from.as?.text.toLowerCase();
    const base = baseOf({ name, external }, { byName, ...context });
    const stage = { index, name, label: name ?? `stage-${index}`, from, base, platform, instructions, uses };
    stages.push(stage);
    if (name !== undefined) byName.set(name, stage);
  }
  return stages;
}

function expandFrom(
  from: FromInstruction,
  context: StageContext,
): Pick<Stage, 'platform' | 'uses'> & { readonly external: External } {
  const tell = (names: ReadonlySet<string>): void => reportUndeclared(from, names, context);
  const expand = makeExpander(context.globals, context.escapeToken, tell);
  const expandPlatform = makeExpander(context.globals, context.escapeToken, tell);
  const name = expand.word(from.image.text, from.image.range);
  if (name === '') throw blankBase(from, context.globals);
  const platform = fromPlatform(from, expandPlatform, context);
  const [unset] = expand.unset;
  const hint = unset === undefined ? undefined : undeclared(`$${unset}`, context.globals);
  const place = { range: from.image.range, instruction: from.range };
  const external = { name, platform: platform ?? context.targetPlatform, ...place, hint };
  return { platform, external, uses: new Set([...expand.used, ...expandPlatform.used]) };
}

function baseOf(
  { name, external }: { name: string | undefined; external: External },
  { byName, contexts, targetPlatform }: StageContext & { byName: ReadonlyMap<string, Stage> },
): Base {
  if (name !== undefined && contexts.get(name, external.platform) !== undefined) {
    return { kind: 'replaced', external: { ...external, name }, written: external };
  }
  const stage = byName.get(external.name);
  if (stage !== undefined) return { kind: 'stage', stage };
  // Nothing has no platform of its own.
  const platform = external.name === 'scratch' ? targetPlatform : external.platform;
  return { kind: 'external', external: { ...external, platform } };
}

function fromPlatform(from: FromInstruction, expand: RecordingExpander, context: StageContext): Platform | undefined {
  const flag = from.flags.find(({ name }) => name === 'platform');
  if (flag?.value === undefined || flag.value === '') return undefined;
  const text = expand.word(flag.value, flag.range);
  reportPlatformFlag(from, { written: flag.value, expanded: text, expand }, context);
  if (text === '') {
    throw new BuildError('platform-invalid', `empty platform value from expression ${flag.value}`, {
      range: flag.range,
      hint: undeclared(flag.value, context.globals),
    });
  }
  return located(flag.range, () => parsePlatform(text, context.buildPlatform));
}

function beforeFrom({ keyword, range }: Instruction): BuildError {
  return new BuildError('stage-invalid', `no build stage in current context: ${keyword} stands before the first FROM`, {
    range,
    hint: 'only ARG may stand before FROM',
  });
}

function blankBase({ image }: FromInstruction, globals: BuildEnv): BuildError {
  return new BuildError('stage-invalid', `base name (${image.text}) should not be blank`, {
    range: image.range,
    hint: undeclared(image.text, globals),
  });
}

/** FROM sees only the ARGs above the first FROM. */
function undeclared(text: string, globals: BuildEnv): string {
  const name = /\$\{?(\w+)/.exec(text)?.[1] ?? '';
  const meant = globals.get(name) === undefined ? nearest(name, globals.names()) : undefined;
  if (meant !== undefined) return `did you mean $${meant}?`;
  return `give ${name} a value with --build-arg ${name}=…, or a default with ARG ${name}=… above the first FROM`;
}
