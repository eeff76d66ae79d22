import { BuildError, type ErrorCode } from '../../errors.ts';
import { didYouMean } from '../../util/did-you-mean.ts';
import type { Flag } from '../ast.ts';
import { type FlagSpecs, flagSpecsOf, ownerOfFlag } from './flag-specs.ts';

/** What is wrong with the flags of an instruction, each mistake located at its flag. */
export function flagErrors({ keyword, flags }: Flagged, rest: string): readonly BuildError[] {
  const specs = flagSpecsOf(keyword);
  if (specs === undefined) return [];
  const seen = new Set<string>();
  const next = rest.split(/\s/, 1)[0] || 'VALUE';
  return flags.flatMap((flag) => {
    const problem = problemOf(flag, { specs, seen, keyword, next });
    seen.add(flag.name);
    return problem === undefined
      ? []
      : [new BuildError(problem.code, problem.message, { range: flag.range, ...problem })];
  });
}

interface Flagged {
  readonly keyword: string;
  readonly flags: readonly Flag[];
}

interface Problem {
  readonly code: ErrorCode;
  readonly message: string;
  readonly hint: string;
}

interface Context {
  readonly specs: FlagSpecs;
  readonly seen: ReadonlySet<string>;
  readonly keyword: string;
  /** The word behind the flags, which may have been meant as a value. */
  readonly next: string;
}

function problemOf({ name, value }: Flag, { specs, seen, keyword, next }: Context): Problem | undefined {
  const type = Object.hasOwn(specs, name) ? specs[name] : undefined;
  if (type === undefined) {
    return { code: 'unknown-flag', message: `unknown flag: --${name} of ${keyword}`, hint: unknownHint(name, specs) };
  }
  const code = 'flag-invalid';
  if (type !== 'list' && seen.has(name)) {
    return { code, message: `duplicate flag specified: --${name} of ${keyword}`, hint: 'give it once' };
  }
  if (type === 'bool' ? value === '' : value === undefined) {
    const hint =
      type === 'bool' ? `write --${name} or --${name}=false` : `write --${name}=${next}, with no blank around =`;
    return { code, message: `missing a value on flag: --${name} of ${keyword}`, hint };
  }
  if (type === 'bool' && value !== undefined && !/^(?:true|false)$/i.test(value)) {
    const message = `expecting boolean value for flag --${name} of ${keyword}, not: ${value}`;
    return { code, message, hint: `write --${name}=true or --${name}=false` };
  }
  return undefined;
}

function unknownHint(name: string, specs: FlagSpecs): string {
  const known = Object.keys(specs);
  const meant = didYouMean(name, known);
  if (meant !== undefined) return `did you mean --${meant}?`;
  const owner = ownerOfFlag(name);
  if (owner !== undefined) return `--${name} is a flag of ${owner}`;
  if (known.length === 0) return 'it has no flags: an argument that begins with -- is written behind a lone --';
  return `its flags are ${known.map((flag) => `--${flag}`).join(', ')}`;
}
