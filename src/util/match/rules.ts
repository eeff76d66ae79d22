import { latin1Of } from '../rel-path.ts';
import { parsePattern } from './tokens.ts';

/** One line of an ignore file, or one --exclude. */
export interface IgnoreRule {
  /** As text, cleaned, without `!` and without a leading slash. */
  readonly pattern: string;
  /** Where it stands: 1-based line of an ignore file, position of a flag. */
  readonly line: number;
  /** `!`: what it matches is taken after all. */
  readonly negated: boolean;
  /** Name of the file as people know it. */
  readonly file?: string;
}

/** A line that is no pattern: a lone `!`, an open bracket. */
export class InvalidRule extends Error {
  override readonly name = 'InvalidRule';
  readonly line: number;
  readonly text: string;

  constructor(line: number, text: string) {
    super(`invalid pattern ${JSON.stringify(text)}`);
    this.line = line;
    this.text = text;
  }
}

/**
 * The rules of an ignore file: a byte order mark and CRs are dropped, `#` in the first column is a comment, blanks around a
 * pattern do not count, a leading slash changes nothing.
 * @throws InvalidRule at the first bad line
 */
export function parseIgnoreLines(text: string, file?: string): IgnoreRule[] {
  const rules: IgnoreRule[] = [];
  for (const [index, line] of text
    .replace(/^\uFEFF/, '')
    .split('\n')
    .entries()) {
    if (line.startsWith('#') || line.trim() === '') continue;
    const rule = parseRule(line, index + 1);
    rules.push(file === undefined ? rule : { ...rule, file });
  }
  return rules;
}

/** --exclude and --parents patterns. @throws InvalidRule */
export function rulesOf(patterns: readonly string[]): IgnoreRule[] {
  return patterns.map((pattern, index) => parseRule(pattern, index + 1));
}

function parseRule(line: string, number: number): IgnoreRule {
  const trimmed = line.trim();
  const negated = trimmed.startsWith('!');
  const written = negated ? trimmed.slice(1).trim() : trimmed;
  if (written === '') throw new InvalidRule(number, trimmed);
  const cleaned = cleanPath(written);
  const pattern = cleaned.length > 1 && cleaned.startsWith('/') ? cleaned.slice(1) : cleaned;
  try {
    parsePattern(latin1Of(pattern), { doubleStar: true });
  } catch {
    throw new InvalidRule(number, trimmed);
  }
  return { pattern, line: number, negated };
}

/** Go's path.Clean: no empty or `.` part, `..` resolved as text, `.` for nothing. */
function cleanPath(path: string): string {
  const rooted = path.startsWith('/');
  const parts: string[] = [];
  for (const part of path.split('/')) {
    if (part === '' || part === '.') continue;
    if (part !== '..') parts.push(part);
    else if (parts.length > 0 && parts.at(-1) !== '..') parts.pop();
    else if (!rooted) parts.push('..');
  }
  const joined = parts.join('/');
  return rooted ? `/${joined}` : joined === '' ? '.' : joined;
}
