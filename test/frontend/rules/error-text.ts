import { contentIDOf, diffIDOf, digestOf } from '../../../cache/index.ts';
import { excerpt } from '../../../src/cli/call/excerpt.ts';
import { checkJson } from '../../../src/cli/call/json.ts';
import { renderError } from '../../../src/cli/render-error.ts';
import type { RunOp, Vertex } from '../../../src/graph/index.ts';
import type { OpDeps } from '../../../src/ops/index.ts';
import { runOp } from '../../../src/ops/run/index.ts';
import type { RunReply } from '../../../src/worker/protocol.ts';
import { memoryTree } from '../../ops/copy/memory-tree.ts';
import { copyOp, select } from '../../ops/copy/rig.ts';
import { untimedStep } from '../../rig/untimed.ts';
import { lowerError, lowerText, vertexOf } from '../lower/rig.ts';
import { parse } from '../parse/rig.ts';
import { accepts, type Row, refuses, shows } from './row.ts';

const TEXT = 'FROM base\nRUN a\nRUN b\nRUN c\nRUN d\nRUN e\nRUN f\nRUN g\n';
const rendered = (text: string): string[] =>
  parse(text)
    .errors.map((error) => renderError(error, { color: false, source: () => text }))
    .join('\n')
    .split('\n');

/** The lines that a check in JSON gives for a text's first error. */
function checkedLines(text: string): unknown {
  const [error] = parse(text).errors;
  const result = checkJson({ source: { file: 'Dockerfile', text }, diagnostics: [], error });
  const { ranges } = (result as { buildError: { location: { ranges: { start: { line: number } }[] } } }).buildError
    .location;
  return ranges.map(({ start }) => start.line);
}

/** Place and lines of the error that lowering ends with. */
async function loweringRendered(text: string): Promise<readonly string[]> {
  const error = await lowerError(text);
  return renderError(error, { color: false, source: () => text })
    .split('\n')
    .slice(0, 3);
}

/** What the RUN of a Dockerfile says to a worker's answer. */
async function runMessage(text: string, reply: RunReply): Promise<string> {
  const vertex = vertexOf(await lowerText(text), text.slice(text.indexOf('RUN'))) as Vertex<RunOp>;
  const deps = {
    assertCanRun: () => Promise.resolve(),
    startWorker: () => undefined,
    ensureLayers: () => Promise.resolve(),
    logFile: () => '/log',
    run: () => Promise.resolve(reply),
    runEnvironment: { secret: () => Promise.resolve(undefined), sshSocket: () => undefined, proxyEnv: [] },
  } as unknown as OpDeps;
  const noted = () => undefined;
  const step = { signal: new AbortController().signal, output: noted, warn: noted, logsTo: noted, ...untimedStep };
  const prepared = await runOp(deps).prepare(vertex, [{ kind: 'stack', layers: [] }], step);
  return prepared.kind === 'step' ? messageOf(prepared.run()) : 'no step';
}

function messageOf(work: Promise<unknown>): Promise<string> {
  return work.then(
    () => 'done',
    (error: unknown) => (error as Error).message,
  );
}

const diffID = diffIDOf(digestOf('made'));
const MADE = { diffID, contentID: contentIDOf(diffID), verified: true, origins: [], size: 1 };

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
      'Dockerfile:3:3, in the instruction that begins on line 2',
      '  2 | COPY \\',
      '  3 |   --chwon=1 a /',
      '    |   ^^^^^^^^^',
      'error: unknown flag: --chwon of COPY [unknown-flag]',
      'hint: did you mean --chown?',
      '',
    ],
  }),
  shows('A11.2', 'refuses', {
    title: 'every line of the instruction, in the JSON of a check',
    show: () => [
      checkedLines('FROM base\nRUNN \\\n  x\n'),
      checkedLines('FROM base\nLABEL \\\n  x\n'),
      checkedLines('FROM base\nCOPY a <<E\n\nE\n'),
      checkedLines('# escape=x\nFROM base\n'),
    ],
    is: [[2, 3], [2, 3], [2, 3, 4], [1]],
  }),
  shows('A11.2', 'refuses', {
    title: 'what is found later, in a continued instruction and in the body of a heredoc',
    show: async () => [
      ...(await loweringRendered('FROM base\nLABEL a=1 \\\n# c\n b=${X?need}\n')),
      ...(await loweringRendered('FROM base\nCOPY \\\n --from=9 a b\n')),
      ...(await loweringRendered('FROM \\\n --platform=$NOPE base')),
      ...(await loweringRendered('FROM base\nRUN \\\n --mount=from=no,target=/x \\\n x')),
      ...(await loweringRendered('FROM base\nCOPY <<E /x\n${X?need}\nE\n')),
    ],
    is: [
      'Dockerfile:4:2, in the instruction that begins on line 2',
      '  2 | LABEL a=1 \\',
      '  4 |  b=${X?need}',
      'Dockerfile:3:2, in the instruction that begins on line 2',
      '  2 | COPY \\',
      '  3 |  --from=9 a b',
      'Dockerfile:2:2, in the instruction that begins on line 1',
      '  1 | FROM \\',
      '  2 |  --platform=$NOPE base',
      'Dockerfile:3:2, in the instruction that begins on line 2',
      '  2 | RUN \\',
      '  3 |  --mount=from=no,target=/x \\',
      'Dockerfile:3:1, in the instruction that begins on line 2',
      '  2 | COPY <<E /x',
      '  3 | ${X?need}',
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
  shows('A11.3', 'accepts', {
    title: 'a command that ends well, a secret that nobody requires, a source that is there',
    show: () =>
      Promise.all([
        runMessage('FROM base\nRUN --mount=type=secret,id=s x', { outcome: 'exited', exitCode: 0, layer: MADE }),
        messageOf(select(copyOp(['foo'], '/'), memoryTree({ foo: 'x' }))),
      ]),
    is: ['done', 'done'],
  }),
  shows('A11.3', 'refuses', {
    title: 'a command that fails, a secret that is required, a source that is not there',
    show: () =>
      Promise.all([
        runMessage('FROM base\nRUN foo', { outcome: 'exited', exitCode: 127 }),
        runMessage('FROM base\nRUN --mount=type=secret,id=s,required x', {
          outcome: 'exited',
          exitCode: 0,
          layer: MADE,
        }),
        messageOf(select(copyOp(['foo'], '/'), memoryTree({}))),
      ]),
    is: [
      'process "/bin/sh -c foo" did not complete successfully: exit code: 127',
      'secret s: not found',
      'COPY source "foo" not found',
    ],
  }),
  refuses('A11.3', 'an entitlement that was not', 'FROM base\nRUN --network=host x', {
    errors: ['2:5-2:19 entitlement-missing network.host is not allowed'],
    hint: 'allow it with --allow network.host',
  }),
];
