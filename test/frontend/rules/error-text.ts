import { excerpt } from '../../../src/cli/call/excerpt.ts';
import { renderError } from '../../../src/cli/render-error.ts';
import { parse } from '../parse/rig.ts';
import { accepts, type Row, refuses, shows } from './row.ts';

const TEXT = 'FROM base\nRUN a\nRUN b\nRUN c\nRUN d\nRUN e\nRUN f\nRUN g\n';
const rendered = (text: string): string[] =>
  parse(text)
    .errors.map((error) => renderError(error, { color: false, source: () => text }))
    .join('\n')
    .split('\n');

export const errorTextRows: readonly Row[] = [
  shows('A11.1', 'accepts', {
    title: 'four lines around one',
    show: () => excerpt({ file: 'Dockerfile', text: TEXT }, { startLine: 5, endLine: 5 }),
    is: [
      'Dockerfile:5',
      '--------------------',
      '   3 |     RUN b',
      '   4 |     RUN c',
      '   5 | >>> RUN d',
      '   6 |     RUN e',
      '   7 |     RUN f',
      '--------------------',
    ],
  }),
  shows('A11.1', 'refuses', {
    title: 'more than two around several',
    show: () => excerpt({ file: 'Dockerfile', text: TEXT }, { startLine: 4, endLine: 5 }),
    is: [
      'Dockerfile:4',
      '--------------------',
      '   3 |     RUN b',
      '   4 | >>> RUN c',
      '   5 | >>> RUN d',
      '   6 |     RUN e',
      '--------------------',
    ],
  }),

  accepts('A11.2', 'a continued instruction that is right', 'FROM base\nRUN a \\\n  b', {
    errors: [],
    lines: ['FROM base', 'RUN a   b'],
  }),
  shows('A11.2', 'refuses', {
    title: 'the place of the very word, with the line and what to do',
    show: () => rendered('FROM base\nCOPY \\\n  --chwon=1 a /\n'),
    is: [
      'Dockerfile:3:3',
      '  3 |   --chwon=1 a /',
      '    |   ^^^^^^^^^',
      'error: unknown flag: --chwon of COPY [unknown-flag]',
      'hint: did you mean --chown?',
      '',
    ],
  }),

  accepts(
    'A11.3',
    'an entitlement that was given',
    'FROM base\nRUN --network=host x',
    { runs: [{ network: 'host' }] },
    {
      allow: ['network.host'],
    },
  ),
  refuses('A11.3', 'an entitlement that was not', 'FROM base\nRUN --network=host x', {
    errors: ['2:5-2:19 entitlement-missing network.host is not allowed'],
    hint: 'allow it with --allow network.host',
  }),
];
