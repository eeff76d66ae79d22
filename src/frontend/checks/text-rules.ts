import type { ArgInstruction, Instruction } from '../ast.ts';
import type { Findings } from './findings.ts';
import { checkOwnRules } from './own/own-rules.ts';
import type { WrittenStage } from './written-stage.ts';

/** The rules that need nothing but the text, of all stages, needed or not. */
export function checkText(
  { globals, stages }: { readonly globals: readonly ArgInstruction[]; readonly stages: readonly WrittenStage[] },
  findings: Findings,
): void {
  checkStageNames(stages, findings);
  checkCasing(stages, findings);
  checkOwnRules(stages, findings);
  for (const instruction of [...globals, ...stages.flatMap(({ from, instructions }) => [from, ...instructions])]) {
    if (instruction.kind === 'maintainer') {
      findings.add('MaintainerDeprecated', 'Maintainer instruction is deprecated in favor of using label', instruction);
    }
    checkDescription(instruction, findings);
  }
}

const RESERVED = new Set(['context', 'scratch']);

function checkStageNames(stages: readonly WrittenStage[], findings: Findings): void {
  const seen = new Set<string>();
  for (const { from } of stages) {
    if (from.as === undefined) continue;
    const written = from.as.text;
    const name = written.toLowerCase();
    if (written !== name) findings.add('StageNameCasing', `Stage name '${written}' should be lowercase`, from);
    if (isSelfConsistent(from.keywordText) && isUpper(from.asKeywordText ?? 'AS') !== isUpper(from.keywordText)) {
      findings.add(
        'FromAsCasing',
        `'${from.asKeywordText ?? 'AS'}' and '${from.keywordText}' keywords' casing do not match`,
        from,
      );
    }
    if (RESERVED.has(name)) {
      findings.add('ReservedStageName', `Stage name should not use the same name as reserved stage "${name}"`, from);
    }
    if (seen.has(name))
      findings.add('DuplicateStageName', `Duplicate stage name "${name}", stage names should be unique`, from);
    seen.add(name);
  }
}

/** Keywords in capitals and in small letters are counted; those that are neither, or of the smaller party, stand out. */
function checkCasing(stages: readonly WrittenStage[], findings: Findings): void {
  const all = stages.flatMap(({ from, instructions }) => [from, ...instructions]);
  const consistent = all.filter(({ keywordText }) => isSelfConsistent(keywordText));
  const lower = consistent.filter(({ keywordText }) => !isUpper(keywordText)).length;
  const isMostlyLower = lower > consistent.length - lower;
  for (const instruction of all) {
    const { keywordText } = instruction;
    const wanted = isMostlyLower ? keywordText.toLowerCase() : keywordText.toUpperCase();
    if (keywordText === wanted) continue;
    const majority = isMostlyLower ? 'lowercase' : 'uppercase';
    const message = `Command '${keywordText}' should match the case of the command majority (${majority})`;
    findings.add('ConsistentInstructionCasing', message, instruction);
  }
}

function checkDescription(instruction: Instruction, findings: Findings): void {
  const comment = instruction.comments.filter((line) => !/^\s*check\s*=/i.test(line)).at(-1);
  if (comment === undefined) return;
  const names = describedNames(instruction);
  if (names.length === 0 || names.some((name) => comment.trim().startsWith(`${name} `))) return;
  const message = `Comment for ${instruction.keyword} should follow the format: \`# ${names[0] ?? ''} <description>\``;
  findings.add('InvalidDefinitionDescription', message, instruction);
}

function describedNames(instruction: Instruction): readonly string[] {
  if (instruction.kind === 'arg') return instruction.pairs.map(({ key }) => key);
  return instruction.kind === 'from' && instruction.as !== undefined ? [instruction.as.text.toLowerCase()] : [];
}

function isUpper(keyword: string): boolean {
  return keyword === keyword.toUpperCase();
}

function isSelfConsistent(keyword: string): boolean {
  return isUpper(keyword) || keyword === keyword.toLowerCase();
}
