export { filterProcess } from './filter.ts';
export { findProgram } from './find-program.ts';
export { type ProcessResult, run, type RunProcessOptions } from './run.ts';
