import { isOn, type RuleName } from './rules.ts';

/** Which rules speak: `# check=skip=A,B;error=true;experimental=all`, of the file or above one instruction. */
export interface CheckConfig {
  readonly skipped: ReadonlySet<string>;
  readonly experimental: ReadonlySet<string>;
  /** A finding fails the build. */
  readonly isError: boolean;
}

/** Unknown keys are left alone: the parser refuses them in the directive, and a comment may say what it likes. */
export function parseCheckConfig(text: string | undefined): CheckConfig {
  const parts = new Map((text ?? '').split(';').map(splitPart));
  return {
    skipped: names(parts.get('skip')),
    experimental: names(parts.get('experimental')),
    isError: parts.get('error')?.toLowerCase() === 'true',
  };
}

/** @param asked words of --check-rules, in lower case */
export function withAsked(config: CheckConfig, asked: ReadonlySet<string>): CheckConfig {
  return { ...config, experimental: new Set([...config.experimental, ...asked]) };
}

/** The file's config with what the comments above an instruction add. */
export function withComments(config: CheckConfig, comments: readonly string[]): CheckConfig {
  const added = comments.flatMap((comment) => {
    const text = /^\s*check\s*=\s*(.+?)\s*$/i.exec(comment)?.[1];
    return text === undefined ? [] : [parseCheckConfig(text)];
  });
  return {
    skipped: new Set([config, ...added].flatMap(({ skipped }) => [...skipped])),
    experimental: new Set([config, ...added].flatMap(({ experimental }) => [...experimental])),
    isError: config.isError,
  };
}

export function isEnabled(rule: RuleName, { skipped, experimental }: CheckConfig): boolean {
  return !skipped.has('all') && !skipped.has(rule.toLowerCase()) && isOn(rule, experimental);
}

function splitPart(part: string): readonly [string, string] {
  const at = part.indexOf('=');
  return at < 0 ? [part.trim().toLowerCase(), ''] : [part.slice(0, at).trim().toLowerCase(), part.slice(at + 1).trim()];
}

function names(list = ''): ReadonlySet<string> {
  return new Set(
    list
      .split(',')
      .map((name) => name.trim().toLowerCase())
      .filter((name) => name !== ''),
  );
}
