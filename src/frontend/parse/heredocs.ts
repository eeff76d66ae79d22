import { shellWords, unescapedWords } from '../expand/index.ts';
import type { CommandLine } from './command-line.ts';
import { splitCommand } from './command-line.ts';
import { parseJsonWords } from './json.ts';
import type { Escape } from './lines.ts';

/** The `<<NAME` of a line, before its body is read. */
export interface HeredocWord {
  readonly name: string;
  readonly expand: boolean;
  readonly stripTabs: boolean;
}

/** `[fd]<<[-]NAME`; undefined for any other word, and for one whose quotes do not match. */
export function parseHeredocWord(word: string): HeredocWord | undefined {
  const match = /^\d*<<(-?)\s*([^<]*)$/.exec(word);
  const delimiter = match?.[2] ?? '';
  if (match === null || delimiter === '') return undefined;
  const names = unescapedWords(delimiter, { keepQuotes: false });
  const quoted = unescapedWords(delimiter, { keepQuotes: true });
  const [name = ''] = names ?? [];
  if (names?.length !== 1 || quoted?.length !== 1) return undefined;
  return { name, expand: countQuotes(name) === countQuotes(quoted[0] ?? ''), stripTabs: match[1] === '-' };
}

/** The heredocs whose bodies follow the line. RUN, COPY and ADD have them, alone or behind ONBUILD, unless in JSON form. */
export function heredocWordsOf(
  line: string,
  { command, escapeToken }: { command: CommandLine; escapeToken: Escape },
): readonly HeredocWord[] {
  if (!line.includes('<<')) return [];
  const inner = command.keyword.text.toLowerCase() === 'onbuild' ? splitCommand(command.rest, escapeToken) : command;
  if (!BEARERS.has(inner.keyword.text.toLowerCase()) || parseJsonWords(inner.rest) !== 'no-json') return [];
  return (shellWords(line) ?? []).flatMap((word) => parseHeredocWord(word) ?? []);
}

/** Tabs at the start of each line, as `<<-` wants it. */
export function stripLeadingTabs(body: string): string {
  return body.replace(/(^|\n)\t+/g, '$1');
}

const BEARERS: ReadonlySet<string> = new Set(['run', 'copy', 'add']);

function countQuotes(text: string): number {
  return text.split(/['"]/).length - 1;
}
