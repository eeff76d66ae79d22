import { expect, test } from 'vitest';
import type { BuildOptions } from '../../src/build-options.ts';
import { withEpoch } from '../../src/session/context-date.ts';

const options = (more: Partial<BuildOptions>) =>
  ({ buildArgs: new Map(), isReproducible: true, ...more }) as BuildOptions;

test('--reproducible sets the epoch to the date of the commit, unless one is given', async () => {
  const session = { commitDate: () => Promise.resolve(7) };
  const dated = await withEpoch(options({}), session);
  expect([...dated.buildArgs]).toEqual([['SOURCE_DATE_EPOCH', '7']]);
  const given = options({ buildArgs: new Map([['SOURCE_DATE_EPOCH', '8']]) });
  expect(await withEpoch(given, session)).toBe(given);
});

test('that a context has no commit is told without the password of its URL', async () => {
  const context = 'https://me:se@cret@example.org/context.tar?token=hidden';
  const session = { commitDate: () => Promise.resolve(undefined) };
  await expect(withEpoch(options({ context }), session)).rejects.toMatchObject({
    code: 'epoch-unknown',
    message: '--reproducible: the build context https://example.org/context.tar has no git commit',
  });
});
