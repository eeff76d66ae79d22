import { BuildError, type SourceRange } from '../../errors.ts';
import type { Diagnostic, Dockerfile } from '../ast.ts';
import { type CheckConfig, isEnabled, parseCheckConfig, withComments } from './check-config.ts';
import type { RuleName } from './rules.ts';

/** What a finding is about: its place, and the comments that may silence it. */
export interface Place {
  readonly range: SourceRange;
  readonly comments: readonly string[];
}

/** Collects what the rules find in one Dockerfile, but for what its author has skipped. */
export class Findings {
  readonly #config: CheckConfig;
  readonly #found: Diagnostic[] = [];

  constructor(dockerfile: Dockerfile) {
    this.#config = parseCheckConfig(dockerfile.directives.check);
    for (const diagnostic of dockerfile.diagnostics) {
      if (isEnabled(diagnostic.code as RuleName, this.#config)) this.#found.push(diagnostic);
    }
  }

  add(code: RuleName, message: string, { range, comments }: Place): void {
    if (isEnabled(code, withComments(this.#config, comments))) this.#found.push({ code, message, range });
  }

  /** @throws BuildError check-failed when there are findings and the Dockerfile says that they are errors. */
  assertNone(): void {
    const [first] = this.all();
    if (first === undefined || !this.#config.isError) return;
    const rules = [...new Set(this.#found.map(({ code }) => code))].sort();
    throw new BuildError('check-failed', `lint violation found for rules: ${rules.join(', ')}: ${first.message}`, {
      range: first.range,
      hint: 'mend it, or add the rule to # check=skip=…',
    });
  }

  /** By line; on one line in the order they were found. */
  all(): readonly Diagnostic[] {
    return [...this.#found].sort((a, b) => a.range.startLine - b.range.startLine);
  }
}
