import type { CopyInstruction, Instruction, RunInstruction } from '../../ast.ts';
import type { Findings } from '../findings.ts';
import type { WrittenStage } from '../written-stage.ts';
import { reportChanges } from './changes.ts';
import { contextSources, isWholeContext } from './copies.ts';
import { isCredential } from './credentials.ts';
import { isInstall } from './installs.ts';
import { reportInit } from './shell-as-init.ts';
import { commandsOf, operands, type ShellCommand } from './shell-commands.ts';

/** Rules that BuildKit does not have. They read the text alone, of all stages. */
export function checkOwnRules(stages: readonly WrittenStage[], findings: Findings): void {
  reportInstallOrder(stages, findings);
  for (const { instructions } of stages) {
    reportAptUpdate(instructions, findings);
    reportInit(instructions, findings);
    reportChanges(instructions, findings);
    reportCredentials(instructions, findings);
  }
}

/** A stage that stands on another stage of the file has its copies, too. Each COPY is reported once. */
function reportInstallOrder(stages: readonly WrittenStage[], findings: Findings): void {
  const copyOf = new Map<string, CopyInstruction>();
  const reported = new Set<CopyInstruction>();
  for (const { from, instructions } of stages) {
    let copy = copyOf.get(from.image.text.toLowerCase());
    for (const instruction of instructions) {
      if (isCopy(instruction) && isWholeContext(instruction)) copy ??= instruction;
      const install = instruction.kind === 'run' ? commandsOf(instruction).find(isInstall) : undefined;
      if (copy === undefined || install === undefined || reported.has(copy)) continue;
      reported.add(copy);
      const message = `${copy.keyword} of the whole context stands above "${brief(install)}" in line ${instruction.range.startLine}: any changed file installs everything again`;
      findings.add('CopyBeforeInstall', message, copy);
    }
    if (from.as !== undefined && copy !== undefined) copyOf.set(from.as.text.toLowerCase(), copy);
  }
}

function reportAptUpdate(instructions: readonly Instruction[], findings: Findings): void {
  for (const run of instructions.filter(isRun)) {
    const verbs = commandsOf(run).flatMap(([program, ...args]) =>
      program === 'apt-get' || program === 'apt' ? [operands(args)[0] ?? ''] : [],
    );
    if (!verbs.includes('update') || verbs.some((verb) => USES_LISTS.has(verb))) continue;
    const message =
      'apt-get update stands alone in its RUN: later RUNs install from the lists of the day it was cached';
    findings.add('AptUpdateAlone', message, run);
  }
}

const USES_LISTS: ReadonlySet<string> = new Set([
  'build-dep',
  'dist-upgrade',
  'download',
  'full-upgrade',
  'install',
  'satisfy',
  'source',
  'upgrade',
]);

function reportCredentials(instructions: readonly Instruction[], findings: Findings): void {
  for (const instruction of instructions.filter(isCopy)) {
    for (const source of contextSources(instruction).filter(isCredential)) {
      findings.add('SecretInCopy', `${instruction.keyword} puts ${source} into a layer of the image`, instruction);
    }
  }
}

function brief(command: ShellCommand): string {
  return command.slice(0, 2).join(' ');
}

function isRun(instruction: Instruction): instruction is RunInstruction {
  return instruction.kind === 'run';
}

function isCopy(instruction: Instruction): instruction is CopyInstruction {
  return instruction.kind === 'copy' || instruction.kind === 'add';
}
