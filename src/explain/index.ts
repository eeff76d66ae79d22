export type { Difference } from './difference.ts';
export { type ExplainedStep, explainBuild, type FoundRecord } from './explain-build.ts';
