import type { FromInstruction, Instruction } from '../ast.ts';
import { RESERVED_NAMES } from '../reserved-names.ts';
import { type Findings, type Place, wholeFile } from './findings.ts';
import { checkOwnRules } from './own/own-rules.ts';
import type { WrittenStage } from './written-stage.ts';

/** What the text of one instruction tells, before the next is looked at. */
export function checkInstruction(instruction: Instruction, findings: Findings): void {
  if (instruction.kind === 'from') checkAs(instruction, findings);
  if (instruction.kind === 'maintainer') {
    findings.add('MaintainerDeprecated', 'Maintainer instruction is deprecated in favor of using label', instruction);
  }
  checkDescription(instruction, findings);
}

/** What the instructions of a file that can be read tell together, needed or not. */
export function checkFile(stages: readonly WrittenStage[], findings: Findings): void {
  checkStageNames(stages, findings);
  checkCasing(stages, findings);
  checkOwnRules(stages, findings);
}

function checkAs(from: FromInstruction, findings: Findings): void {
  if (from.as === undefined) return;
  const { text } = from.as;
  if (text !== text.toLowerCase()) {
    findings.add('StageNameCasing', `Stage name '${text}' should be lowercase`, from);
  }
  const { keywordText, asKeywordText = 'AS' } = from;
  if (isSelfConsistent(keywordText) && asKeywordText !== inCaseOf(keywordText, asKeywordText)) {
    findings.add('FromAsCasing', `'${asKeywordText}' and '${keywordText}' keywords' casing do not match`, from);
  }
}

function checkStageNames(stages: readonly WrittenStage[], findings: Findings): void {
  const seen = new Set<string>();
  for (const { from } of stages) {
    if (from.as === undefined) continue;
    const name = from.as.text.toLowerCase();
    const place: Place = wholeFile(from);
    if (RESERVED_NAMES.has(name)) {
      findings.add('ReservedStageName', `Stage name should not use the same name as reserved stage "${name}"`, place);
    }
    if (seen.has(name)) {
      findings.add('DuplicateStageName', `Duplicate stage name "${name}", stage names should be unique`, place);
    }
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
    findings.add('ConsistentInstructionCasing', message, wholeFile(instruction));
  }
}

/** The comment right above counts, whatever it says; one that is the name alone will do. */
function checkDescription(instruction: Instruction, findings: Findings): void {
  const comment = instruction.comments.at(-1);
  const names = describedNames(instruction);
  const [first, ...others] = names;
  if (comment === undefined || first === undefined || names.includes(comment.split(' ', 1)[0] ?? '')) return;
  const example = others.length === 0 ? first : '<arg_key>';
  const message = `Comment for ${instruction.keyword} should follow the format: \`# ${example} <description>\``;
  findings.add('InvalidDefinitionDescription', message, instruction);
}

function describedNames(instruction: Instruction): readonly string[] {
  if (instruction.kind === 'arg') return instruction.pairs.map(({ key }) => key);
  return instruction.kind === 'from' && instruction.as !== undefined ? [instruction.as.text.toLowerCase()] : [];
}

function inCaseOf(keyword: string, text: string): string {
  return isUpper(keyword) ? text.toUpperCase() : text.toLowerCase();
}

function isUpper(keyword: string): boolean {
  return keyword === keyword.toUpperCase();
}

function isSelfConsistent(keyword: string): boolean {
  return isUpper(keyword) || keyword === keyword.toLowerCase();
}
