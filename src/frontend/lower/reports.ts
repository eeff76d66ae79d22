import { posix } from 'node:path';
import type {
  CmdInstruction,
  CopyInstruction,
  EntrypointInstruction,
  Instruction,
  WorkdirInstruction,
} from '../ast.ts';
import { checkIgnored, checkPorts } from '../checks/index.ts';
import type { BuildEnv } from '../config/index.ts';
import { nearest } from './names.ts';
import type { Step } from './stage-draft.ts';

/**
 * What lowering an instruction showed: names that stand for nothing, and what only its expanded words tell.
 * @param env as it was before
 */
export function reportInstruction(instruction: Instruction, step: Step, env: BuildEnv): void {
  reportUndefined(instruction, step, env);
  const report = REPORTS[instruction.kind] as ((instruction: Instruction, step: Step) => void) | undefined;
  report?.(instruction, step);
}

type Reports = {
  readonly [K in Instruction['kind']]?: (instruction: Instruction & { readonly kind: K }, step: Step) => void;
};

const REPORTS: Reports = {
  cmd: reportShellForm,
  entrypoint: reportShellForm,
  workdir: reportWorkdir,
  copy: reportSources,
  add: reportSources,
  expose(instruction, { draft, lowering }) {
    const expand = lowering.expanderOf(draft.env);
    const specs = instruction.ports.map(({ text, range }) => expand.words(text, range));
    checkPorts(specs.flat().sort(), instruction, lowering.findings);
  },
};

function reportShellForm(instruction: CmdInstruction | EntrypointInstruction, { draft, lowering }: Step): void {
  if (instruction.form !== 'shell' || (draft.image.config.Shell ?? []).length > 0) return;
  const message = `JSON arguments recommended for ${instruction.keyword} to prevent unintended behavior related to OS signals`;
  lowering.findings.add('JSONArgsRecommended', message, instruction);
}

function reportSources(instruction: CopyInstruction, { draft, command, lowering }: Step): void {
  if (command.sources.length > 0) return;
  const patterns = lowering.options.ignorePatterns.map(({ pattern }) => pattern);
  const expand = lowering.expanderOf(draft.env);
  const sources = instruction.sources.map(({ text, range }) => expand.word(text, range));
  const paths = sources.filter((source) => !/^<<|:\/\//.test(source));
  checkIgnored(paths, { patterns }, { instruction, findings: lowering.findings });
}

function reportUndefined(instruction: Instruction, { draft, expand, lowering }: Step, env: BuildEnv): void {
  for (const name of expand.unset) {
    if (draft.args.has(name)) continue;
    const meant = nearest(name, env.names());
    const message = `Usage of undefined variable '$${name}'${meant === undefined ? '' : ` (did you mean $${meant}?)`}`;
    lowering.findings.add('UndefinedVar', message, instruction);
  }
}

/** Only the first WORKDIR on the way to a stage: those after it follow from it. */
function reportWorkdir(instruction: WorkdirInstruction, { draft, lowering }: Step): void {
  const path = lowering.expanderOf(draft.env).word(instruction.path.text, instruction.path.range);
  if (!draft.isWorkdirSet && !posix.isAbsolute(path)) {
    const message = `Relative workdir "${path}" can have unexpected results if the base image changes`;
    lowering.findings.add('WorkdirRelativePath', message, instruction);
  }
  draft.isWorkdirSet = true;
}
