export { type BuildState, collectEvents, type StepState } from './collect.ts';
export type * from './events.ts';
export type { Renderer, RenderTarget } from './render/renderer.ts';
export { REPORT_SCHEMA_VERSION, renderReport } from './report.ts';
