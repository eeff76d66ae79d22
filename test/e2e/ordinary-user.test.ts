import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, inject, test } from 'vitest';
import { CliRig, output } from '../rig/cli.ts';
import { verifyArchive } from '../rig/oci-archive.ts';
import { openOrdinaryUser } from '../rig/ordinary-user.ts';

const DOCKERFILE = `
  FROM base AS build
  WORKDIR /work
  COPY --chown=7:8 data/ ./data/
  RUN mkdir made && cp data/a.txt made/ && chown -R 1000:1000 made && chmod 4755 made/a.txt && ln made/a.txt made/b.txt \\
   && rm -rf data && find /work -exec touch -d @978307200 {} +
  FROM base
  COPY --from=build /work /work
  RUN id -u > /who && touch -d @978307200 /who
  USER 1000
`;

test('root and an ordinary user make the same layers', async (context) => {
  if (process.getuid?.() !== 0) context.skip('only root can be both root and somebody else');
  await using rig = CliRig.setup(inject('baseRoot'));
  await using user = await openOrdinaryUser();
  const flags = await sharedBase(rig);
  rig.write({ Dockerfile: DOCKERFILE, 'data/a.txt': 'a\n', 'data/deep/b.txt': 'b\n' });
  await output(['chmod', '-R', 'a+rX', rig.dir]);

  const epoch = { SOURCE_DATE_EPOCH: '978307200' };
  const asRoot = await rig.built(['-t', 'who:root', ...flags], { env: epoch });

  await using theirs = CliRig.setup(join(user.dir, 'root'));
  theirs.cli = user.cli;
  const reports = join(user.dir, 'reports');
  mkdirSync(reports);
  await output(['chown', '-R', '--reference', user.dir, user.dir]);
  const argv = ['--progress', 'plain', '-t', 'who:user', '--report', join(reports, 'r.json'), ...flags, rig.context];
  const asUser = await theirs.tsbuild(argv, { as: [...user.as, 'SOURCE_DATE_EPOCH=978307200'], cwd: user.dir });
  expect(asUser.stderr).not.toContain('error');
  expect(asUser.code).toBe(0);

  const rootImage = verifyArchive(join(rig.dir, 'who-root.tar'));
  const userImage = verifyArchive(join(user.dir, 'who-user.tar'));
  expect(userImage.diffIDs).toEqual(rootImage.diffIDs);
  expect(asRoot.report.result).toBe('built');

  const again = await theirs.tsbuild(argv, { as: [...user.as, 'SOURCE_DATE_EPOCH=978307200'], cwd: user.dir });
  expect(again.code).toBe(0);
  expect(again.stderr).toMatch(/0 ran/);
});

/** busybox as an OCI layout that both can read: their roots are apart. */
async function sharedBase(rig: CliRig): Promise<string[]> {
  rig.write({ Dockerfile: 'FROM busybox\n' });
  await rig.built(['-t', 'shared-base:1', '-o', `type=oci,dest=${join(rig.dir, 'base.tar')}`]);
  await output(['skopeo', 'copy', `oci-archive:${join(rig.dir, 'base.tar')}`, `oci:${join(rig.dir, 'base')}:latest`]);
  await output(['chmod', '-R', 'a+rX', rig.dir]);
  return ['--build-context', `base=oci-layout://${join(rig.dir, 'base')}:latest`];
}
