import { BuildError } from '../../errors.ts';
import type { Diagnostic, Dockerfile } from '../ast.ts';
import { type CheckOptions, Findings } from './findings.ts';
import { checkInstruction } from './text-rules.ts';

/**
 * Refuses a Dockerfile with syntax errors, once what was found above the first of them has been told: nothing, where the text
 * itself cannot be read.
 * @throws BuildError the first error, which carries the others.
 */
export function assertParsed(
  dockerfile: Dockerfile,
  { report, ...options }: CheckOptions & { readonly report?: (diagnostics: readonly Diagnostic[]) => void },
): void {
  const [first, ...others] = dockerfile.errors;
  if (first === undefined) return;
  const findings = new Findings(dockerfile, options);
  const end = first.range?.startLine ?? 0;
  for (const instruction of dockerfile.instructions) {
    if (instruction.range.startLine <= end) checkInstruction(instruction, findings);
  }
  report?.(dockerfile.isLegible ? findings.all() : []);
  const { code, message, range, instruction, hint, cause } = first;
  throw new BuildError(code, message, { range, instruction, hint, cause, others });
}
