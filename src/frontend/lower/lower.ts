import { BuildError, type SourceRange } from '../../errors.ts';
import { collectVertices, type Definition, type Target } from '../../graph/index.ts';
import { normalisePlatform } from '../../image/oci/index.ts';
import type { Diagnostic, Dockerfile } from '../ast.ts';
import { checkFile, checkInstruction, Findings } from '../checks/index.ts';
import { finalImage, platformOf } from '../config/index.ts';
import type { LowerOptions } from '../options.ts';
import type { ImageResolver } from '../resolver.ts';
import { type ArgSummary, type StageArg, usedArgs } from './arg-summaries.ts';
import { type BuiltStage, buildStages } from './build-stages.ts';
import { descriptionOf } from './descriptions.ts';
import { type DateOf, readBuildArgs } from './epoch.ts';
import { type Escape, makeExpander } from './expander.ts';
import { makeExternals } from './externals.ts';
import { reportDefault } from './from-reports.ts';
import { type ArgContext, type BuildArgs, proxyEnv, readGlobals } from './global-args.ts';
import { findTarget, stageNames } from './links.ts';
import { makeNamedContexts } from './names.ts';
import { reachStages, visitOrder } from './reach.ts';
import { planStages, type Stage, splitStages, type WrittenStages } from './stages.ts';

export interface LowerDeps {
  readonly resolver: ImageResolver;
  readonly signal: AbortSignal;
  /** Asked where SOURCE_DATE_EPOCH names something; without it that has no date. */
  readonly dateOf?: DateOf | undefined;
  /** Gets the diagnostics once, whether lowering succeeds or fails. */
  readonly report?: (diagnostics: readonly Diagnostic[]) => void;
}

export interface Lowered {
  readonly definition: Definition;
  /** The parser's and those that lowering found. */
  readonly diagnostics: readonly Diagnostic[];
  /** In Dockerfile order. */
  readonly stages: readonly StageSummary[];
  /** The stages that the target needs, itself first: what an earlier one says of a name that several have counts. */
  readonly visits: readonly string[];
  /** Those that the target makes something of, in source order. */
  readonly args: readonly ArgSummary[];
  /** `K=V` of the predefined proxy arguments: for processes, never for keys, history or reports. */
  readonly proxyEnv: readonly string[];
}

export interface StageSummary {
  readonly index: number;
  readonly name: string | undefined;
  readonly description: string | undefined;
  /** The base as expanded: an image, a stage or scratch. */
  readonly base: string;
  readonly range: SourceRange;
  readonly isTarget: boolean;
  /** The target needs it. */
  readonly isReached: boolean;
}

/**
 * A Dockerfile as a graph of ops, for one platform. Only what the target needs is lowered, and only its images are asked
 * for, all at once. Everything that can be told without files is told here.
 * @throws BuildError, located; what the resolver throws, located at the FROM or --from.
 */
export async function lower(dockerfile: Dockerfile, options: LowerOptions, deps: LowerDeps): Promise<Lowered> {
  deps.signal.throwIfAborted();
  const findings = new Findings(dockerfile, options);
  try {
    const lowered = await lowerFound(dockerfile, options, { ...deps, findings });
    findings.assertNone();
    return lowered;
  } finally {
    deps.report?.(findings.all());
  }
}

async function lowerFound(
  dockerfile: Dockerfile,
  options: LowerOptions,
  { resolver, signal, dateOf, findings }: LowerDeps & { readonly findings: Findings },
): Promise<Lowered> {
  const { escape: escapeToken } = dockerfile.directives;
  for (const instruction of dockerfile.instructions) checkInstruction(instruction, findings);
  const texts = splitStages(dockerfile);
  checkFile(texts.stages, findings);
  const { args, stages } = await planBuild(texts, { options, escapeToken, dateOf, findings });
  const target = findTarget(stages, options.target);
  const contexts = makeNamedContexts(options.contexts);
  const externals = makeExternals({ contexts, resolver, stageNames: stageNames(stages) });
  const targetPlatform = options.platform ?? options.buildPlatform;
  const { file } = dockerfile;
  const roots = options.isCheck === true && options.target === undefined ? stages : [target];
  const reached = await reachStages(
    stages,
    { target, roots },
    { externals, escapeToken, targetPlatform, file, signal },
  );
  const stageArgs: StageArg[] = [];
  const built = buildStages(reached, { options, args, escapeToken, externals, findings, stageArgs });
  const needed = new Set(reached.stages);
  const visits = visitOrder(target, reached);
  const made = targetOf(built(target), { options, epoch: args.epoch });
  return {
    definition: { targets: [made], vertices: collectVertices([made]) },
    diagnostics: findings.all(),
    stages: stages.map((stage) => summaryOf(stage, { target, isReached: needed.has(stage) })),
    visits: visits.map(({ label }) => label),
    args: usedArgs({ globals: args.declared, stageArgs, stages: visits }),
    proxyEnv: proxyEnv(args.given),
  };
}

interface PlanContext {
  readonly options: LowerOptions;
  readonly escapeToken: Escape;
  readonly dateOf: DateOf | undefined;
  readonly findings: Findings;
}

/** The build arguments, and the stages with their FROM lines expanded. */
async function planBuild(
  texts: WrittenStages,
  { options, escapeToken, dateOf, findings }: PlanContext,
): Promise<{ args: BuildArgs; stages: readonly Stage[] }> {
  const lastName = texts.stages.at(-1)?.from.as?.text.toLowerCase() ?? '';
  const argContext = { options, target: options.target ?? lastName, escapeToken };
  checkDefaults(texts, argContext, findings);
  const args = await readBuildArgs(texts, { ...argContext, dateOf });
  const { buildPlatform } = options;
  const stages = planStages(texts.stages, {
    globals: args.globals,
    escapeToken,
    targetPlatform: options.platform ?? buildPlatform,
    buildPlatform,
    contexts: makeNamedContexts(options.contexts),
    declared: new Set(texts.globals.flatMap(({ pairs }) => pairs.map(({ key }) => key))),
    findings,
  });
  return { args, stages };
}

/** Would every FROM still name an image without any --build-arg? */
function checkDefaults(texts: WrittenStages, context: ArgContext, findings: Findings): void {
  const options = { ...context.options, buildArgs: new Map<string, string>() };
  try {
    const { globals } = readGlobals(texts.globals, { ...context, options });
    for (const { from } of texts.stages) {
      reportDefault(from, makeExpander(globals, context.escapeToken).word(from.image.text, from.image.range), findings);
    }
  } catch (error) {
    // A default that does not expand fails the build where it is needed.
    if (!(error instanceof BuildError)) throw error;
  }
}

function targetOf(built: BuiltStage, { options, epoch }: { options: LowerOptions; epoch: number | undefined }): Target {
  const config = finalImage(built.image, { platform: options.platform, labels: options.labels });
  return {
    platform: normalisePlatform(platformOf(config)),
    vertex: built.vertex,
    config: { ...config, rootfs: { type: 'layers', diff_ids: [] } },
    history: built.history,
    epoch,
  };
}

function summaryOf(stage: Stage, { target, isReached }: { target: Stage; isReached: boolean }): StageSummary {
  const { index, name, base, from } = stage;
  return {
    index,
    name,
    description: name === undefined ? undefined : descriptionOf(from.comments, name),
    base: base.kind === 'stage' ? base.stage.label : base.external.name,
    range: from.range,
    isTarget: stage === target,
    isReached,
  };
}
