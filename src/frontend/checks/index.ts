export { assertParsed } from './assert-parsed.ts';
export { Findings, wholeFile } from './findings.ts';
export { describeRule, isRuleWord, kebab, RULES, type RuleInfo, type RuleName } from './rules.ts';
export { checkIgnored, checkLegacyFormat, checkOnce, checkPort, checkSecrets } from './stage-rules.ts';
export { checkFile, checkInstruction } from './text-rules.ts';
