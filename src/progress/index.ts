export { type BuildState, collectEvents, type StepState } from './collect.ts';
export { hasRun } from './counts.ts';
export type * from './events.ts';
export { collectFailureTails, type FailureTails, lastLinesOf } from './failure-tail.ts';
export { findStageOrStep, findStep, type NamedStep } from './find-steps.ts';
export { ignoreHint } from './ignore-hint.ts';
export { renderMarkdown } from './markdown.ts';
export { type Phase, phaseTimer, type Timed } from './phase.ts';
export type { LiveRenderer, Renderer, RenderTarget } from './render/renderer.ts';
export { agoText, durationText, MIN_SAVED_MS, paddedSize, plainText, sizeText } from './render/words.ts';
export { failureOf, REPORT_SCHEMA_VERSION, renderReport } from './report.ts';
export type { Report } from './report-type.ts';
export {
  asStoredBuild,
  type StoredBuild,
  type StoredReport,
  type StoredStep,
  stateOf,
  wasReached,
} from './stored-build.ts';
export { summaryLines } from './summary.ts';
