export { type BuildState, collectEvents, type StepState } from './collect.ts';
export type * from './events.ts';
export type { Renderer, RenderTarget } from './render/renderer.ts';
export { asStoredBuild, type StoredBuild, type StoredReport, type StoredStep, stateOf } from './stored-build.ts';
export { summaryLines } from './summary.ts';
export { findStageOrStep, findStep, type NamedStep } from './find-steps.ts';
export { ageText, durationText, plainText, sizeText } from './render/words.ts';
export { failureOf, REPORT_SCHEMA_VERSION, renderReport } from './report.ts';
export type { Report } from './report-type.ts';
