import { mkdirSync, readdirSync } from 'node:fs';
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

test('prune takes a cache away that is another user’s of the sandbox', async (context) => {
  if (process.getuid?.() !== 0) context.skip('only root can become somebody else');
  await using rig = CliRig.setup(inject('baseRoot'));
  await using user = await openOrdinaryUser();
  const flags = await sharedBase(rig);
  const cache = '--mount=type=cache,target=/cache,uid=1000,gid=1000,mode=0700';
  rig.write({
    Dockerfile: `FROM base\nUSER 1000\nRUN --network=none ${cache} echo kept > /cache/f && mkdir -m 0700 /cache/d`,
  });
  await output(['chmod', '-R', 'a+rX', rig.dir]);
  await using theirs = CliRig.setup(join(user.dir, 'root'));
  theirs.cli = user.cli;
  const at = { as: user.as, cwd: user.dir };
  const built = await theirs.tsbuild(['--progress', 'plain', ...flags, rig.context], at);
  expect(built.code, built.stderr).toBe(0);
  const mounts = join(user.dir, 'root/mounts');
  const caches = () =>
    readdirSync(mounts).flatMap((name) => readdirSync(join(mounts, name)).filter((one) => one === '0'));
  expect(caches()).toEqual(['0']);
  const pruned = await theirs.tsbuild(['prune', '--all'], at);
  expect(pruned.code, pruned.stderr).toBe(0);
  expect([caches(), readdirSync(join(user.dir, 'root/tmp'))]).toEqual([[], []]);
});

/** busybox as an OCI layout that both can read: their roots are apart. */
async function sharedBase(rig: CliRig): Promise<string[]> {
  rig.write({ Dockerfile: 'FROM busybox\n' });
  await rig.built(['-t', 'shared-base:1', '-o', `type=oci,dest=${join(rig.dir, 'base.tar')}`]);
  await output(['skopeo', 'copy', `oci-archive:${join(rig.dir, 'base.tar')}`, `oci:${join(rig.dir, 'base')}:latest`]);
  await output(['chmod', '-R', 'a+rX', rig.dir]);
  return ['--build-context', `base=oci-layout://${join(rig.dir, 'base')}:latest`];
}
