import type { Instruction, ShellInstruction, VolumeInstruction, Word } from '../ast.ts';
import { COMMENT_HINT } from '../comment-hint.ts';
import { trimSpaces } from '../expand/index.ts';
import { commandForm, listForm } from './command-form.ts';
import { parseCopy } from './copy.ts';
import { parseFrom } from './from.ts';
import { parseHealthcheck } from './healthcheck.ts';
import { parseArg, parseEnv, parseLabel } from './key-values.ts';
import { parseOnbuild } from './onbuild.ts';
import { splitBlanks } from './piece.ts';
import { parseRun } from './run.ts';
import { refuse, type Statement } from './statement.ts';

/** Reads the words behind a keyword. @throws BuildError, located at the word that is wrong */
export type ParseStatement = (statement: Statement) => Instruction;

export function parserOf(keyword: string): ParseStatement | undefined {
  return PARSERS.get(keyword);
}

export function knownKeywords(): readonly string[] {
  return [...PARSERS.keys()];
}

const PARSERS: ReadonlyMap<string, ParseStatement> = new Map<string, ParseStatement>([
  ['ADD', parseCopy('add')],
  ['ARG', parseArg],
  ['CMD', (statement) => ({ kind: 'cmd', ...statement.common, ...commandForm(statement, statement.rest) })],
  ['COPY', parseCopy('copy')],
  [
    'ENTRYPOINT',
    (statement) => ({ kind: 'entrypoint', ...statement.common, ...commandForm(statement, statement.rest) }),
  ],
  ['ENV', parseEnv],
  [
    'EXPOSE',
    (statement) => {
      const ports = splitBlanks(statement.rest).map((port) => ({ text: port.text, range: statement.rangeOf(port) }));
      if (ports.length === 0) throw needsOne(statement, 'write EXPOSE PORT');
      return { kind: 'expose', ...statement.common, ports };
    },
  ],
  ['FROM', parseFrom],
  ['HEALTHCHECK', parseHealthcheck],
  ['LABEL', parseLabel],
  [
    'MAINTAINER',
    (statement) => ({
      kind: 'maintainer',
      ...statement.common,
      name: wholeRest(statement, 'write MAINTAINER NAME').text,
    }),
  ],
  ['ONBUILD', parseOnbuild],
  ['RUN', parseRun],
  ['SHELL', parseShell],
  [
    'STOPSIGNAL',
    (statement) => ({
      kind: 'stopsignal',
      ...statement.common,
      signal: wholeRest(statement, 'write STOPSIGNAL SIGTERM'),
    }),
  ],
  ['USER', (statement) => ({ kind: 'user', ...statement.common, user: wholeRest(statement, 'write USER NAME') })],
  ['VOLUME', parseVolume],
  [
    'WORKDIR',
    (statement) => ({ kind: 'workdir', ...statement.common, path: wholeRest(statement, 'write WORKDIR /PATH') }),
  ],
]);

function wholeRest(statement: Statement, hint: string): Word {
  const { rest, common, rangeOf } = statement;
  if (rest.text === '') throw refuse(statement, `${common.keyword} requires exactly one argument`, { hint });
  return { text: rest.text, range: rangeOf(rest) };
}

function parseShell(statement: Statement): ShellInstruction {
  const { rest, common } = statement;
  const { form, args } = commandForm(statement, rest);
  if (rest.text === '' || args.length === 0) throw needsOne(statement, SHELL_HINT);
  if (form === 'exec') return { kind: 'shell', ...common, args };
  const hint = /^[^"'[#]+$/.test(rest.text)
    ? `write SHELL [${splitBlanks(rest)
        .map(({ text }) => JSON.stringify(text))
        .join(', ')}]`
    : `${jsonReason(rest.text)}${SHELL_HINT}`;
  throw refuse(statement, 'SHELL requires the arguments to be in JSON form', { at: rest, hint });
}

const SHELL_HINT = 'write SHELL ["/bin/sh", "-c"]';

/** The mistakes that most arrays are no JSON for. */
function jsonReason(text: string): string {
  if (/\]\s+#/.test(text)) return `${COMMENT_HINT}: `;
  if (/,\s*\]$/.test(text)) return 'remove the comma before ]: ';
  return text.includes("'") ? 'JSON has double quotes: ' : '';
}

function parseVolume(statement: Statement): VolumeInstruction {
  const { form, words } = listForm(statement, statement.rest);
  const hint = 'write VOLUME /PATH';
  if (words.length === 0) throw needsOne(statement, hint);
  const paths = words.map((word) => {
    const text = trimSpaces(word.text);
    if (text === '') throw refuse(statement, 'VOLUME specified can not be an empty string', { at: word, hint });
    return { text, range: statement.rangeOf(word) };
  });
  return { kind: 'volume', ...statement.common, paths, form };
}

function needsOne(statement: Statement, hint: string): Error {
  return refuse(statement, `${statement.common.keyword} requires at least one argument`, { hint });
}
