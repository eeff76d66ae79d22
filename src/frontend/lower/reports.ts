import { posix } from 'node:path';
import type {
  CmdInstruction,
  CopyInstruction,
  EntrypointInstruction,
  Instruction,
  WorkdirInstruction,
} from '../ast.ts';
import { checkIgnored, checkLegacyFormat, checkOnce, checkSecrets } from '../checks/index.ts';
import { SCANNER_ARGS } from '../reserved-names.ts';
import type { RecordingExpander } from './expander.ts';
import { nearest } from './names.ts';
import type { Step } from './stage-draft.ts';

/** What lowering an instruction showed. */
export function reportInstruction(instruction: Instruction, step: Step): void {
  const report = REPORTS[instruction.kind] as ((instruction: Instruction, step: Step) => void) | undefined;
  report?.(instruction, step);
}

/** An expander in the stage's variables of this moment. Names that stand for nothing are reported once for each word. */
export function reportingExpander(
  instruction: Instruction,
  { draft, lowering }: Pick<Step, 'draft' | 'lowering'>,
): RecordingExpander {
  const { env } = draft;
  return lowering.expanderOf(env, (names) => {
    for (const name of names) {
      if (draft.args.has(name) || SCANNER_ARGS.has(name)) continue;
      const meant = nearest(name, env.names());
      const message = `Usage of undefined variable '$${name}'${meant === undefined ? '' : ` (did you mean $${meant}?)`}`;
      lowering.findings.add('UndefinedVar', message, instruction);
    }
  });
}

type Reports = {
  readonly [K in Instruction['kind']]?: (instruction: Instruction & { readonly kind: K }, step: Step) => void;
};

const REPORTS: Reports = {
  cmd: reportCommand,
  entrypoint: reportCommand,
  healthcheck: reportOnce,
  workdir: reportWorkdir,
  copy: reportSources,
  add: reportSources,
  label: (instruction, { lowering }) => checkLegacyFormat(instruction, lowering.findings),
  env(instruction, { lowering }) {
    checkLegacyFormat(instruction, lowering.findings);
    checkSecrets(instruction, lowering.findings);
  },
};

function reportOnce(instruction: Instruction, { draft, lowering }: Step): void {
  checkOnce(instruction, { earlier: draft.once.get(instruction.kind), findings: lowering.findings });
  draft.once.set(instruction.kind, instruction);
}

function reportCommand(instruction: CmdInstruction | EntrypointInstruction, step: Step): void {
  reportOnce(instruction, step);
  const { draft, lowering } = step;
  if (instruction.form !== 'shell' || (draft.image.config.Shell ?? []).length > 0) return;
  const message = `JSON arguments recommended for ${instruction.keywordText} to prevent unintended behavior related to OS signals`;
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

/** Only the first WORKDIR on the way to a stage: those after it follow from it. */
function reportWorkdir(instruction: WorkdirInstruction, { draft, lowering }: Step): void {
  const path = lowering.expanderOf(draft.env).word(instruction.path.text, instruction.path.range);
  if (!draft.isWorkdirSet && !posix.isAbsolute(path)) {
    const message = `Relative workdir "${path}" can have unexpected results if the base image changes`;
    lowering.findings.add('WorkdirRelativePath', message, instruction);
  }
  draft.isWorkdirSet = true;
}
