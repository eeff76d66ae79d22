import type { CopyInstruction, Heredoc, Word } from '../ast.ts';
import { listForm } from './command-form.ts';
import { parseHeredocWord, stripLeadingTabs } from './heredocs.ts';
import type { Piece } from './piece.ts';
import { refuse, type Statement } from './statement.ts';

export function parseCopy(kind: CopyInstruction['kind']): (statement: Statement) => CopyInstruction {
  return (statement) => {
    const { common, rest, rangeOf } = statement;
    const keyword = kind === 'add' ? 'ADD' : 'COPY';
    const { form, words } = listForm(statement, rest);
    const sources = words.slice(0, -1);
    const dest = words.at(-1);
    if (dest === undefined || sources.length === 0) {
      const message = `${keyword} requires at least two arguments, but only one was provided. Destination could not be determined`;
      throw refuse(statement, message, { at: dest, hint: `write ${keyword} SOURCE DESTINATION` });
    }
    if (parseHeredocWord(dest.text) !== undefined) {
      const hint = 'name the path of the file behind the heredoc';
      throw refuse(statement, `${keyword} cannot accept a heredoc as a destination`, { at: dest, hint });
    }
    const word = (piece: Piece): Word => ({ text: piece.text, range: rangeOf(piece) });
    return {
      kind,
      ...common,
      heredocs: sources.flatMap((source) => heredocOf(source, statement) ?? []),
      sources: sources.map(word),
      dest: word(dest),
      form,
    };
  };
}

/**
 * Looked up by name: of two bodies with one name the last stands for both. A source of that form without a body is an empty file: in a JSON
 * array none has one.
 */
function heredocOf(source: Piece, { common, bodies, rangeOf }: Statement): Heredoc | undefined {
  const word = parseHeredocWord(source.text);
  if (word === undefined) return undefined;
  const index = common.heredocs.findLastIndex(({ name }) => name === word.name);
  const { text, latin1 } = bodies[index] ?? { text: '', latin1: undefined };
  const stripped = (body: string): string => (word.stripTabs ? stripLeadingTabs(body) : body);
  return {
    ...word,
    content: stripped(text),
    ...(latin1 === undefined || word.expand ? {} : { latin1: stripped(latin1) }),
    range: common.heredocs[index]?.range ?? rangeOf(source),
  };
}
