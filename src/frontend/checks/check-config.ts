import { parseGoBool } from '../../util/go-bool.ts';
import { checkProblem, checkValueOf } from '../parse/directives.ts';
import { describeRule, isOn, type RuleName } from './rules.ts';

/** Which rules speak: `# check=skip=A,B;error=true;experimental=all`, of the file or above one instruction. */
export interface CheckConfig {
  /** Names as rules are spelt, or `all`. */
  readonly skipped: ReadonlySet<string>;
  readonly experimental: ReadonlySet<string>;
  /** A finding fails the build. */
  readonly isError: boolean;
}

/** Of a text that checkProblem finds nothing wrong with. */
export function parseCheckConfig(text: string | undefined): CheckConfig {
  const parts = new Map((text ?? '').split(';').map(splitPart));
  return {
    skipped: names(parts.get('skip')),
    experimental: names(parts.get('experimental')),
    isError: parseGoBool(parts.get('error') ?? '') === true,
  };
}

/** @param asked rules by their names, or words for many of them */
export function withAsked(config: CheckConfig, asked: Iterable<string>): CheckConfig {
  return { ...config, experimental: new Set([...config.experimental, ...asked]) };
}

/** The file's config with what the first check comment above an instruction adds, if that can be read. */
export function withComments(config: CheckConfig, comments: readonly string[]): CheckConfig {
  const [text] = comments.flatMap((comment) => checkValueOf(comment) ?? []);
  if (text === undefined || checkProblem(text) !== undefined) return config;
  const added = parseCheckConfig(text);
  return {
    skipped: new Set([...config.skipped, ...added.skipped]),
    experimental: new Set([...config.experimental, ...added.experimental]),
    isError: config.isError,
  };
}

/** Whoever asks for an experimental rule of BuildKit's cannot skip it. */
export function isEnabled(rule: RuleName, { skipped, experimental }: CheckConfig): boolean {
  const { isOwn, mustBeAskedFor } = describeRule(rule);
  const isSkipped = (isOwn || !mustBeAskedFor) && (skipped.has(ALL) || skipped.has(rule));
  return !isSkipped && isOn(rule, experimental);
}

const ALL = 'all';

function splitPart(part: string): readonly [string, string] {
  const at = part.indexOf('=');
  return at < 0 ? [part.trim(), ''] : [part.slice(0, at).trim(), part.slice(at + 1).trim()];
}

/** `all` means all when it stands alone. */
function names(list = ''): ReadonlySet<string> {
  const found = list.split(',').map((name) => name.trim());
  return new Set(found.length === 1 ? found : found.filter((name) => name !== ALL));
}
