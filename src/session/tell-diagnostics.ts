import type { Diagnostic } from '../frontend/index.ts';
import type { Emit } from '../progress/index.ts';

/** Each as a warning whose code is its rule: `Rule: message (line n)`. */
export function tellDiagnostics(diagnostics: readonly Diagnostic[], emit: Emit): void {
  for (const { code, message, range } of diagnostics) {
    emit({ type: 'warning', code, message: `${code}: ${message} (line ${range.startLine})` });
  }
}
