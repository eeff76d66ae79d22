import { join } from 'node:path';
import { expect, inject, test } from 'vitest';
import { type Built, CliRig, output } from '../rig/cli.ts';
import { verifyArchive } from '../rig/oci-archive.ts';
import { openOrdinaryUser } from '../rig/ordinary-user.ts';

const NO_LIMITS = 'for f in /proc/sys/user/max_*_namespaces; do echo 0 > $f; done; exec "$@"';
const NO_USERS = 'echo 0 > /proc/sys/user/max_user_namespaces; exec "$@"';
const WITHOUT_SYS_ADMIN = ['setpriv', '--bounding-set=-sys_admin', '--inh-caps=-sys_admin', '--'];
const inUserNamespace = (script: string) => ['unshare', '--user', '--map-root-user', '--', 'sh', '-c', script, 'sh'];
/** The user stays who it is, but for the right to write the limit of this namespace, which is then given up. */
const USER_IN_NAMESPACE = [
  ...['unshare', '--user', '--map-current-user', '--keep-caps', '--', 'sh', '-c', NO_USERS, 'sh'],
  ...['setpriv', '--inh-caps=-all', '--ambient-caps=-all', '--'],
];

/** Prefixes under which the kernel refuses every namespace. */
const PLACES = [
  ['root where all limits are 0', inUserNamespace(NO_LIMITS)],
  ['a root without CAP_SYS_ADMIN, and no user namespaces', [...inUserNamespace(NO_USERS), ...WITHOUT_SYS_ADMIN]],
] as const;

const FILES = {
  Dockerfile: `
    FROM busybox AS base
    WORKDIR /app
    COPY --chown=1:2 a.txt ./
    ADD a.txt /b/
    FROM scratch
    COPY --from=base /app /app
  `,
  'Dockerfile.run': `
    FROM busybox
    COPY a.txt /
    RUN true
  `,
  'a.txt': 'a',
};

function expectRefusal({ code, stderr }: Built): void {
  expect(code, stderr).toBe(1);
  expect(stderr).toContain('[sandbox-unavailable]');
  expect(stderr).toContain('Dockerfile.run:3');
  expect(stderr).toMatch(/hint: sudo sysctl -w .*user\.max_user_namespaces=28633/);
}

test.each(PLACES)('%s: a Dockerfile without RUN is built, a RUN says what is missing', async (_, as) => {
  await using rig = CliRig.setup(inject('baseRoot'));
  rig.write(FILES);
  await rig.built(['-t', 'plain:1'], { as });
  expect(verifyArchive(join(rig.dir, 'plain-1.tar')).diffIDs).toHaveLength(1);
  const file = ['-f', join(rig.context, 'Dockerfile.run')];
  expectRefusal(await rig.build(['--no-cache', ...file], { as }));
  await rig.built(file);
  const cached = await rig.built(file, { as });
  expect(cached.report.summary).toMatchObject({ hits: cached.report.summary.steps, misses: 0 });
});

test('an ordinary user without user namespaces: the same', async (context) => {
  if (process.getuid?.() !== 0) context.skip('only root can become somebody else');
  await using rig = CliRig.setup(inject('baseRoot'));
  await using user = await openOrdinaryUser();
  rig.write({ Dockerfile: 'FROM busybox\n' });
  await rig.built(['-o', `type=oci,tar=false,dest=${join(user.dir, 'base')}`]);
  await output(['chown', '-R', '--reference', user.dir, user.dir]);
  await using theirs = CliRig.setup(join(user.dir, 'root'));
  theirs.cli = user.cli;
  theirs.write(FILES);
  await output(['chmod', '-R', 'a+rwX', theirs.dir]);
  const as = [...user.as, ...USER_IN_NAMESPACE];
  const base = ['--build-context', `busybox=oci-layout://${user.dir}/base`];
  await theirs.built(['-t', 'plain:1', ...base], { as, cwd: user.dir });
  expectRefusal(await theirs.build([...base, '-f', join(theirs.context, 'Dockerfile.run')], { as, cwd: user.dir }));
});

test('a root without CAP_SYS_ADMIN runs RUNs below a user namespace that has all its ids', async () => {
  await using rig = CliRig.setup(inject('baseRoot'));
  rig.write({
    Dockerfile: `
      FROM busybox
      RUN echo x > /x && chown 1234:70000 /x && stat -c '%u %g' /x && awk '{ print "ids", $3 }' /proc/self/uid_map
    `,
  });
  const built = await rig.built(['--no-cache'], { as: WITHOUT_SYS_ADMIN });
  expect(built.stderr).toMatch(/ 1234 70000$/m);
  expect(built.stderr).toMatch(/ ids 2147483647$/m);
});
