export { LayerLost, stackOf } from './runner.ts';
export type { KeySource, Made, OpRunner, OpRunners, Prepared, PreparedStep, Result, StepContext } from './runner.ts';
export { type Records, type Solution, type Solved, type SolveOptions, solve } from './solve.ts';
