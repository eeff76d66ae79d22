import { BuildError, type SourceRange } from '../../errors.ts';
import type { Instruction } from '../ast.ts';
import { freeze } from './freeze.ts';
import { readStatements } from './read-statements.ts';
import { openForeignSource } from './source.ts';

export interface ParsedTrigger {
  readonly instruction?: Instruction;
  readonly errors: readonly BuildError[];
}

/** The text of one ONBUILD trigger, heredocs and all, with the given range for everything in it. Never throws. */
export function parseInstruction(
  text: string,
  { range }: { readonly file: string; readonly range: SourceRange },
): ParsedTrigger {
  const { instructions, keywords, errors } = readStatements(openForeignSource(text, range));
  if (errors.length > 0) return { errors };
  const [instruction] = instructions;
  if (instruction !== undefined && keywords.length === 1) return freeze({ instruction, errors: [] });
  const hint = 'choose another base, or build it again with one instruction behind ONBUILD';
  return {
    errors: [new BuildError('onbuild-invalid', 'onbuild trigger should be a single expression', { range, hint })],
  };
}
