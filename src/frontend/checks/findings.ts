import { BuildError, type SourceRange } from '../../errors.ts';
import type { Diagnostic, Dockerfile } from '../ast.ts';
import { checkProblem } from '../parse/directives.ts';
import { type CheckConfig, isEnabled, parseCheckConfig, withAsked, withComments } from './check-config.ts';
import { describeRule, type RuleName, spelledOut } from './rules.ts';

/** What the command line says about checks. */
export interface CheckOptions {
  readonly buildArgs: ReadonlyMap<string, string>;
  readonly checkRules?: ReadonlySet<string> | undefined;
}

/** A build argument that stands in for the file's `# check=`. */
const CHECK_ARG = 'BUILDKIT_DOCKERFILE_CHECK';

/** What a finding is about: its place, and the comments that may silence it. */
export interface Place {
  readonly range: SourceRange;
  readonly comments: readonly string[];
}

/** Of what is said of the file as a whole: comments above the instruction do not silence it. */
export function wholeFile({ range }: Place): Place {
  return { range, comments: [] };
}

/** Collects what the rules find in one Dockerfile, but for what its author has skipped. */
export class Findings {
  readonly #config: CheckConfig;
  readonly #found: Diagnostic[] = [];

  /** @throws BuildError when the configuration is not understood: of the build argument, else of the file. */
  constructor(dockerfile: Dockerfile, { buildArgs, checkRules = NONE }: CheckOptions) {
    const given = buildArgs.get(CHECK_ARG);
    if (given !== undefined) assertUnderstood(given);
    else if (dockerfile.checkError !== undefined) throw dockerfile.checkError;
    this.#config = withAsked(parseCheckConfig(given ?? dockerfile.directives.check), spelledOut(checkRules));
    for (const diagnostic of dockerfile.diagnostics) {
      if (isEnabled(diagnostic.code as RuleName, this.#config)) this.#found.push(diagnostic);
    }
  }

  add(code: RuleName, message: string, { range, comments }: Place): void {
    if (!isEnabled(code, withComments(this.#config, comments))) return;
    const { hint } = describeRule(code);
    this.#found.push({ code, message, range, ...(hint === undefined ? {} : { hint }) });
  }

  /** @throws BuildError check-failed when there are findings and the Dockerfile says that they are errors. */
  assertNone(): void {
    const [first] = this.all();
    if (first === undefined || !this.#config.isError) return;
    const rules = [...new Set(this.#found.map(({ code }) => code))].sort();
    throw new BuildError('check-failed', `lint violation found for rules: ${rules.join(', ')}`, {
      range: first.range,
      hint: `${first.message}: mend it, or add the rule to # check=skip=…`,
    });
  }

  /** By line; on one line in the order they were found. */
  all(): readonly Diagnostic[] {
    return [...this.#found].sort((a, b) => a.range.startLine - b.range.startLine);
  }
}

const NONE: ReadonlySet<string> = new Set();

function assertUnderstood(text: string): void {
  const problem = checkProblem(text);
  if (problem === undefined) return;
  throw new BuildError('usage', `${CHECK_ARG}: ${problem}`, {
    hint: 'it takes skip=RULE,RULE;error=true;experimental=RULE',
  });
}
