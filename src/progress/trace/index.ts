export { renderChromeTrace } from './chrome.ts';
export { renderOtlp, type SpanContext } from './otlp.ts';
export { TraceRecorder } from './recorder.ts';
export type { Trace } from './trace.ts';
