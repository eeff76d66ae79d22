import type { OnbuildInstruction } from '../ast.ts';
import { jsonWords } from './command-form.ts';
import { splitCommand } from './command-line.ts';
import { splitHealthcheck } from './healthcheck.ts';
import { keyValueWords } from './key-values.ts';
import { refuse, type Statement } from './statement.ts';

export function parseOnbuild(statement: Statement): OnbuildInstruction {
  const { common, rest, line, bodies, escapeToken } = statement;
  if (rest.text === '') {
    const hint = 'write ONBUILD and an instruction';
    throw refuse(statement, 'ONBUILD requires at least one argument', { hint });
  }
  const inner = splitCommand(rest, escapeToken);
  const triggerKeyword = inner.keyword.text.toUpperCase();
  if (triggerKeyword === 'ONBUILD') {
    const hint = 'write ONBUILD once';
    throw refuse(statement, "Chaining ONBUILD via `ONBUILD ONBUILD` isn't allowed", {
      at: inner.keyword,
      hint,
      code: 'onbuild-invalid',
    });
  }
  if (triggerKeyword === 'FROM' || triggerKeyword === 'MAINTAINER') {
    const hint = 'the stage that builds on this image has its own: write another instruction behind ONBUILD';
    throw refuse(statement, `${triggerKeyword} isn't allowed as an ONBUILD trigger`, {
      at: inner.keyword,
      hint,
      code: 'onbuild-invalid',
    });
  }
  if (inner.rest.text !== '') assertWords(triggerKeyword, { ...statement, rest: inner.rest });
  const text = line.replace(/^[\t\n\f\r ]*ONBUILD[\t\n\f\r ]*/i, '');
  const trigger =
    text + bodies.map(({ text: body }, index) => `\n${body}${common.heredocs[index]?.name ?? ''}`).join('');
  return { kind: 'onbuild', ...common, trigger, triggerKeyword };
}

/** What BuildKit looks at before the trigger fires: whether the words can be read at all. */
function assertWords(keyword: string, statement: Statement): void {
  if (keyword === 'ENV' || keyword === 'LABEL') keyValueWords(statement, keyword);
  else if (keyword === 'HEALTHCHECK') jsonWords(statement, splitHealthcheck(statement.rest)[1]);
  else if (JSON_KEYWORDS.has(keyword)) jsonWords(statement, statement.rest);
}

const JSON_KEYWORDS: ReadonlySet<string> = new Set(['ADD', 'CMD', 'COPY', 'ENTRYPOINT', 'RUN', 'SHELL', 'VOLUME']);
