import { expect, test } from 'vitest';
import { outlineText } from '../lower/rig.ts';

const FIRST = 'RUN --mount=type=secret,id=k x';
const REQUIRED = 'RUN --mount=type=secret,id=k,required=true x';

test.each([
  ['the first of a stage', ['FROM base', FIRST, REQUIRED], [false, 2]],
  ['that of the target before its base', ['FROM base AS a', REQUIRED, 'FROM a', FIRST], [false, 4]],
  [
    'that of the base before what is read from',
    ['FROM base AS read', REQUIRED, 'FROM base AS below', FIRST, 'FROM below', 'COPY --from=read a /'],
    [false, 4],
  ],
  [
    'that which the base reads before what the target reads',
    [
      ...['FROM base AS late', REQUIRED, 'FROM base AS early', FIRST, 'FROM base AS below', 'COPY --from=early a /'],
      ...['FROM below', 'COPY --from=late a /'],
    ],
    [false, 4],
  ],
])('of a secret that is mounted twice, %s counts', async (_name, lines, expected) => {
  const { secrets } = await outlineText(`${lines.join('\n')}\n`);
  expect(secrets.map(({ id, isRequired, range }) => [id, isRequired, range.startLine])).toEqual([['k', ...expected]]);
});

test('of an agent too', async () => {
  const { ssh } = await outlineText(
    'FROM base\nRUN --mount=type=ssh x\nRUN --mount=type=ssh,required=true --mount=type=ssh,id=o x\n',
  );
  expect(ssh.map(({ id, isRequired, range }) => [id, isRequired, range.startLine])).toEqual([
    ['default', false, 2],
    ['o', false, 3],
  ]);
});

test('of an ARG that several stages declare, the one that is nearest to the target counts', async () => {
  const lines = ['FROM base AS read', 'ARG V=1', 'FROM base AS below', 'ARG V=2', 'FROM below', 'COPY --from=read a /'];
  const { args } = await outlineText(`${lines.join('\n')}\n`);
  expect(args.map(({ name, value, range }) => [name, value, range.startLine])).toEqual([['V', '2', 4]]);
});
