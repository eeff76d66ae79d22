export { Findings } from './findings.ts';
export { describeRule, isRuleWord, kebab, RULES, type RuleInfo, type RuleName } from './rules.ts';
export { checkIgnored, checkPorts, checkStage } from './stage-rules.ts';
export { checkText } from './text-rules.ts';
