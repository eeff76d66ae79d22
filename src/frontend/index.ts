export type * from './ast.ts';
export { type Lowered, type LowerDeps, lower, type StageSummary } from './lower/lower.ts';
export type * from './options.ts';
export { parseDockerfile } from './parse/index.ts';
export type * from './resolver.ts';
