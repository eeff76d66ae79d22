import type { Heredoc } from '../ast.ts';
import { literalWords } from '../expand/index.ts';

export interface HeredocWord {
  readonly name: string;
  readonly expand: boolean;
  readonly stripTabs: boolean;
}

const HEREDOC = /^(\d*)<<(-?)\s*([^<]*)$/;

/** `<<EOF`, `3<<-"EOF"`: what a word says of a heredoc; undefined when it is none. */
export function heredocWord(word: string): HeredocWord | undefined {
  const match = HEREDOC.exec(word);
  const rest = match?.[3] ?? '';
  if (match === null || rest === '') return undefined;
  const plain = literalWords(rest, { quotes: false });
  const quoted = literalWords(rest, { quotes: true });
  const [name] = plain;
  if (plain.length !== 1 || quoted.length !== 1 || name === undefined || name === '') return undefined;
  return { name, expand: name === quoted[0], stripTabs: match[2] === '-' };
}

/** The heredocs that a line announces, in order. */
export function heredocsOf(line: string): readonly HeredocWord[] {
  if (!line.includes('<<')) return [];
  return literalWords(line, { quotes: true }).flatMap((word) => heredocWord(word) ?? []);
}

/** `<<-`: tabs at the start of each line go. */
export function strippedContent(raw: string, stripTabs: boolean): string {
  return stripTabs ? raw.replace(/^\t+/gm, '') : raw;
}

/** A heredoc with its body as it stands in the file. */
export interface RawHeredoc extends Heredoc {
  readonly raw: string;
}
