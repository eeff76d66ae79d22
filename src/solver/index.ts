export { compareKeys } from './compare-keys.ts';
export { explainMiss, reason } from './explain.ts';
export { textOf } from './explain-fields.ts';
export type { Records, Solved, SolveOptions } from './options.ts';
export type { KeySource, Made, OpRunner, OpRunners, Prepared, PreparedStep, Result, StepContext } from './runner.ts';
export { LayerLost, stackOf } from './runner.ts';
export { type Solution, solve } from './solve.ts';
