import type { ArgInstruction, EnvInstruction, Instruction, WorkdirInstruction } from '../ast.ts';
import { checkPort, checkSecrets } from '../checks/index.ts';
import { applyMetadata, isMetadata, type MetadataInstruction, type PortSpec, withConfig } from '../config/index.ts';
import { SCANNER_ARGS } from '../reserved-names.ts';
import { summariseArg } from './arg-summaries.ts';
import { lowerCopy } from './copy.ts';
import { reportingExpander } from './reports.ts';
import { lowerRun } from './run.ts';
import { addEmptyHistory, addStep, argValues, type Step } from './stage-draft.ts';
import { expandedText } from './step-names.ts';
import { directoryOf, nextWorkdir } from './workdir.ts';

/** Changes the stage as the instruction says: its config, its variables, its stack, its history. */
export function lowerInstruction(instruction: Instruction, step: Step): void {
  if (isMetadata(instruction)) {
    const { draft, expand, lowering } = step;
    const onPort = (port: PortSpec): void => checkPort(port, { instruction, findings: lowering.findings });
    const context = { image: draft.image, expand, isCmdSet: draft.isCmdSet, onPort };
    const { image, added, createdBy } = applyMetadata(instruction, context);
    draft.image = image;
    if (added !== undefined) draft.lists.add(added);
    if (createdBy !== undefined) addEmptyHistory(draft, createdBy);
    if (instruction.kind === 'cmd') draft.isCmdSet = true;
    return;
  }
  const lowerIt = LOWER[instruction.kind] as (instruction: Instruction, step: Step) => void;
  lowerIt(instruction, step);
}

type Lower = {
  readonly [K in Exclude<Instruction['kind'], MetadataInstruction['kind']>]: (
    instruction: Instruction & { readonly kind: K },
    step: Step,
  ) => void;
};

const LOWER: Lower = {
  env: lowerEnv,
  arg: lowerArg,
  workdir: lowerWorkdir,
  copy: lowerCopy,
  add: lowerCopy,
  run: lowerRun,
  from: () => {
    throw new Error('FROM begins a stage and cannot stand inside one');
  },
};

/** All pairs see the variables from before the instruction. */
function lowerEnv({ pairs }: EnvInstruction, { draft, expand }: Step): void {
  const set = pairs.map(({ key, value, range }) => [expand.word(key, range), expand.word(value ?? '', range)] as const);
  draft.env = draft.env.with(set);
  for (const [name, value] of set) draft.lists.setVariable(name, value);
  addEmptyHistory(draft, ['ENV', ...set.map(([name, value]) => `${name}=${value}`)].join(' '));
}

/** --build-arg, else the default, else the global of that name; without any of them the name is declared and not set. */
function lowerArg(instruction: ArgInstruction, step: Step): void {
  const { draft, lowering } = step;
  checkSecrets(instruction, lowering.findings);
  const shown = instruction.pairs.map((pair) => {
    const { key, value, range } = pair;
    const own =
      value === undefined
        ? () => lowering.args.globals.get(key)
        : () => expandDefault(instruction, { value, range }, step);
    const set = lowering.args.given.get(key) ?? own();
    if (set !== undefined && !SCANNER_ARGS.has(key)) draft.env = draft.env.with([[key, set]]);
    draft.args.set(key, set ?? '');
    draft.seen = undefined;
    const isGlobal = value === undefined && !lowering.args.given.has(key) && lowering.args.globals.has(key);
    const summary = isGlobal ? undefined : { ...summariseArg(instruction, pair, set), range: step.range };
    lowering.stageArgs.push({ stage: draft.stage.index, name: key, summary });
    return set === undefined ? key : `${key}=${set}`;
  });
  addEmptyHistory(draft, `ARG ${shown.join(' ')}`);
}

/** A later ARG of one instruction sees the earlier ones. */
function expandDefault(
  instruction: ArgInstruction,
  { value, range }: { value: string; range: Step['range'] },
  step: Step,
): string {
  return reportingExpander(instruction, step).word(value, range);
}

/** Makes the directory, unless it is `/`: other names of the root give an empty layer. */
function lowerWorkdir(instruction: WorkdirInstruction, step: Step): void {
  const { draft, expand, lowering } = step;
  const { text, range } = instruction.path;
  const WorkingDir = nextWorkdir(draft.image.config.WorkingDir, expand.word(text, range));
  draft.image = withConfig(draft.image, { WorkingDir });
  if (WorkingDir === '/') {
    addEmptyHistory(draft, 'WORKDIR /');
    return;
  }
  addStep(step, {
    op: {
      kind: 'mkdir',
      path: directoryOf(draft.image.config),
      user: draft.image.config.User ?? '',
      epoch: lowering.args.epoch,
    },
    inputs: [draft.vertex],
    text: expandedText(instruction.text, { env: draft.env, escapeToken: lowering.escapeToken }),
    kind: 'WORKDIR',
    createdBy: `WORKDIR ${WorkingDir}`,
    buildArgs: argValues(draft, expand.used),
  });
}
