export type * from './ast.ts';
export { describeRule, isRuleWord, kebab, RULES, type RuleInfo } from './checks/index.ts';
export { type Lowered, type LowerDeps, lower, type StageSummary } from './lower/lower.ts';
export type { ArgSummary } from './lower/arg-summaries.ts';
export type * from './options.ts';
export * from './outline/index.ts';
export { parseGitUrl } from './lower/git-url.ts';
export { parseDockerfile } from './parse/index.ts';
export type * from './resolver.ts';
