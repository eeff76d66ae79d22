import { latin1Of } from '../rel-path.ts';
import { makeGlob } from './glob.ts';

/** One line of an ignore file, or one --exclude. */
export interface IgnoreRule {
  /** As text, cleaned, without `!`. */
  readonly pattern: string;
  /** Where it stands: 1-based line of an ignore file, position of a flag. */
  readonly line: number;
  /** `!`: what it matches is taken after all. */
  readonly negated: boolean;
  /** Name of the file as people know it. */
  readonly file?: string;
}

/** What is no pattern: a lone `!`; an open bracket and the like. */
export class InvalidRule extends Error {
  override readonly name = 'InvalidRule';
  readonly line: number;
  readonly text: string;
  readonly what: 'lone-exclamation' | 'syntax';

  constructor(line: number, text: string, what: InvalidRule['what']) {
    super(what === 'syntax' ? `syntax error in pattern ${JSON.stringify(text)}` : 'illegal exclusion pattern: "!"');
    this.line = line;
    this.text = text;
    this.what = what;
  }
}

/** What mends a pattern that has a syntax error. */
export const PATTERN_HINT =
  'close the bracket, write ranges from low to high and paths with "/", or escape what is meant as it stands with a backslash';

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
    const rule = parseRule(fromTop(line.trim()), index + 1);
    rules.push(file === undefined ? rule : { ...rule, file });
  }
  return rules;
}

/**
 * --exclude and --parents patterns: what is empty is no rule, and one with a leading slash matches nothing.
 * @throws InvalidRule
 */
export function rulesOf(patterns: readonly string[]): IgnoreRule[] {
  return patterns.flatMap((pattern, index) => (pattern.trim() === '' ? [] : [parseRule(pattern.trim(), index + 1)]));
}

/** A line of an ignore file is about paths below the top, however it begins. */
function fromTop(line: string): string {
  const negated = line.startsWith('!');
  const path = negated ? line.slice(1).trim() : line;
  const cleaned = path === '' ? '' : cleanPath(path);
  return `${negated ? '!' : ''}${cleaned.length > 1 && cleaned.startsWith('/') ? cleaned.slice(1) : cleaned}`;
}

/** Cleaned together with its `!`, as patternmatcher does: `!./a` stays as it is. */
function parseRule(written: string, line: number): IgnoreRule {
  const cleaned = cleanPath(written);
  if (cleaned === '!') throw new InvalidRule(line, written, 'lone-exclamation');
  const negated = cleaned.startsWith('!');
  const pattern = negated ? cleaned.slice(1) : cleaned;
  try {
    makeGlob(latin1Of(pattern));
  } catch {
    throw new InvalidRule(line, written, 'syntax');
  }
  return { pattern, line, negated };
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
