export { filterProcess } from './filter.ts';
export { findProgram, requireProgram, requireRuntime, runtimeFix } from './find-program.ts';
export { growHeapSlowly } from './heap.ts';
export { PROBE_STATUS, probeProgram } from './probe-program.ts';
export { type ProcessResult, type RunProcessOptions, run } from './run.ts';
