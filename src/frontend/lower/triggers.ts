import { BuildError, type SourceRange } from '../../errors.ts';
import type { Instruction } from '../ast.ts';
import { parseInstruction } from '../parse/index.ts';

/**
 * The instructions that ONBUILD of a base left behind. They stand at the FROM that fires them. What no Dockerfile could leave (MAINTAINER, ONBUILD),
 * but other tools can, counts as well.
 * @throws BuildError onbuild-invalid, or the trigger's own syntax error, located at the FROM.
 */
export function parseTriggers(
  triggers: readonly string[],
  { file, range, base }: { file: string; range: SourceRange; base: string },
): readonly Instruction[] {
  return triggers.map((text) => {
    const { instruction, errors } = parseInstruction(text, { file, range });
    const [error] = errors;
    if (error !== undefined) {
      throw new BuildError(error.code, `ONBUILD trigger of ${base}: ${error.message}`, {
        range,
        hint: error.hint,
        cause: error,
      });
    }
    if (instruction === undefined) throw refused(`ONBUILD trigger of ${base} should be a single expression`, range);
    if (instruction.kind === 'from') {
      throw refused(`${instruction.keyword} isn't allowed as an ONBUILD trigger (base image ${base})`, range);
    }
    return instruction;
  });
}

function refused(message: string, range: SourceRange): BuildError {
  return new BuildError('onbuild-invalid', message, {
    range,
    hint: 'choose another base, or build it again without that trigger',
  });
}
