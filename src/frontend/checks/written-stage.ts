import type { FromInstruction, Instruction } from '../ast.ts';

/** A stage as it is written. */
export interface WrittenStage {
  readonly from: FromInstruction;
  readonly instructions: readonly Instruction[];
}
