import { BuildError, type ErrorCode, type SourceRange } from '../../errors.ts';
import { didYouMean } from '../../util/did-you-mean.ts';
import type { Flag } from '../ast.ts';
import type { RawHeredoc } from './heredoc.ts';
import { type JsonForm, jsonForm } from './json-form.ts';
import type { LogicalLine } from './logical-line.ts';
import { leadingFlags, type Placed } from './words.ts';

/** An instruction being parsed: its arguments after the flags, and the means to say where something is wrong. */
export interface Source {
  readonly keyword: string;
  readonly line: LogicalLine;
  /** Arguments after the flags, trimmed. */
  readonly rest: string;
  /** Offset of `rest` in the line. */
  readonly offset: number;
  readonly flags: readonly Flag[];
  readonly heredocs: readonly RawHeredoc[];
  readonly json: JsonForm;
  readonly escape: '\\' | '`';
}

/** Instructions with the flags they know; `list` flags may be repeated. */
interface KnownFlags {
  readonly single?: readonly string[];
  readonly list?: readonly string[];
  readonly boolean?: readonly string[];
}

const COPY_FLAGS = { single: ['from', 'chown', 'chmod'], list: ['exclude'], boolean: ['link', 'parents'] } as const;
const KNOWN: Readonly<Record<string, KnownFlags>> = {
  FROM: { single: ['platform'] },
  RUN: { single: ['network', 'security'], list: ['mount', 'device'] },
  COPY: COPY_FLAGS,
  ADD: { single: ['chown', 'chmod', 'checksum'], list: ['exclude'], boolean: ['link', 'keep-git-dir', 'unpack'] },
  HEALTHCHECK: { single: ['interval', 'timeout', 'start-period', 'start-interval', 'retries'] },
};
/** Their parser never looks at flags. */
const IGNORES_FLAGS = new Set(['ARG']);

export const KEYWORDS = [
  'ADD',
  'ARG',
  'CMD',
  'COPY',
  'ENTRYPOINT',
  'ENV',
  'EXPOSE',
  'FROM',
  'HEALTHCHECK',
  'LABEL',
  'MAINTAINER',
  'ONBUILD',
  'RUN',
  'SHELL',
  'STOPSIGNAL',
  'USER',
  'VOLUME',
  'WORKDIR',
];

/** @throws BuildError unknown-flag, flag-invalid */
export function readSource(
  line: LogicalLine,
  { heredocs, escape }: { heredocs: readonly RawHeredoc[]; escape: '\\' | '`' },
): Source {
  const keywordText = keywordOf(line.text);
  const keyword = keywordText.toUpperCase();
  const afterKeyword = line.text.indexOf(keywordText) + keywordText.length;
  const { flags, rest: restAt } = leadingFlags(line.text.slice(afterKeyword), afterKeyword);
  const tail = line.text.slice(afterKeyword + restAt);
  const rest = tail.trim();
  const offset = afterKeyword + restAt + (tail.length - tail.trimStart().length);
  const isUnflagged = keyword === 'HEALTHCHECK' && /^none\b/i.test(rest);
  const checked =
    IGNORES_FLAGS.has(keyword) || isUnflagged
      ? []
      : flags.map((flag) => ({
          text: flag.text,
          ...nameAndValue(flag.value),
          range: line.range(flag.start, flag.end),
        }));
  checkFlags(keyword, checked);
  return { keyword, line, rest, offset, flags: checked, heredocs, escape, json: jsonForm(rest) };
}

/** The instruction's name as written. */
export function keywordOf(text: string): string {
  return /[^\t\v\f\r ]+/.exec(text)?.[0] ?? '';
}

function nameAndValue(text: string): { name: string; value: string | undefined } {
  const equals = text.indexOf('=');
  return equals < 0
    ? { name: text.slice(2), value: undefined }
    : { name: text.slice(2, equals), value: text.slice(equals + 1) };
}

function checkFlags(keyword: string, flags: readonly Flag[]): void {
  const { single = [], list = [], boolean = [] } = KNOWN[keyword] ?? {};
  const names = [...single, ...list, ...boolean];
  const seen = new Set<string>();
  for (const { name, value, range } of flags) {
    const fail = (code: ErrorCode, message: string, hint: string): never => {
      throw new BuildError(code, message, { range, hint });
    };
    if (!names.includes(name))
      fail('unknown-flag', `unknown flag: --${name} of ${keyword}`, flagHint(keyword, name, names));
    if (seen.has(name) && !list.includes(name))
      fail('flag-invalid', `duplicate flag specified: --${name}`, 'give it once');
    seen.add(name);
    if (!boolean.includes(name)) {
      if (value === undefined) fail('flag-invalid', `missing a value on flag: --${name}`, `write --${name}=VALUE`);
    } else if (value === '')
      fail('flag-invalid', `missing a value on flag: --${name}`, `write --${name}, or --${name}=false`);
    else if (value !== undefined && !/^(true|false)$/i.test(value)) {
      fail(
        'flag-invalid',
        `expecting boolean value for flag --${name}, not: ${value}`,
        `write --${name}, or --${name}=false`,
      );
    }
  }
}

function flagHint(keyword: string, name: string, known: readonly string[]): string {
  const near = didYouMean(name, known);
  if (near !== undefined) return `did you mean --${near}?`;
  return known.length === 0
    ? `${keyword} takes no flags`
    : `${keyword} takes ${known.map((one) => `--${one}`).join(', ')}`;
}

export function rangeOf(source: Source, word: Placed): SourceRange {
  return source.line.range(word.start, word.end);
}

export function invalid(source: Source, message: string, hint?: string, word?: Placed): BuildError {
  return new BuildError('instruction-invalid', message, {
    range: word === undefined ? source.line.range() : rangeOf(source, word),
    hint,
  });
}

/** The JSON list, or undefined for shell form. @throws BuildError when it is an array of something else than strings */
export function jsonItems(source: Source): readonly string[] | undefined {
  if (source.json.kind === 'not-strings')
    throw invalid(
      source,
      'when using JSON array syntax, arrays must be comprised of strings only',
      'put every item in double quotes',
    );
  return source.json.kind === 'list' ? source.json.items : undefined;
}
