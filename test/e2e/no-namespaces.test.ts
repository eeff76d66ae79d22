import { join } from 'node:path';
import { expect, inject, test } from 'vitest';
import { CliRig } from '../rig/cli.ts';
import { verifyArchive } from '../rig/oci-archive.ts';

const NO_LIMITS = 'for f in /proc/sys/user/max_*_namespaces; do echo 0 > $f; done; exec "$@"';

/** Prefixes under which the kernel refuses every namespace, with what the hint must name. */
const PLACES = [
  [
    'limits of 0',
    ['unshare', '--user', '--map-root-user', '--', 'sh', '-c', NO_LIMITS, 'sh'],
    'user.max_user_namespaces=28633',
  ],
  ['no CAP_SYS_ADMIN', ['setpriv', '--bounding-set=-sys_admin', '--inh-caps=-sys_admin', '--'], 'CAP_SYS_ADMIN'],
] as const;

test.each(PLACES)(
  '%s: a Dockerfile without RUN is built, a RUN says what is missing and how to get it',
  async (_, as, hint) => {
    await using rig = CliRig.setup(inject('baseRoot'));
    rig.write({
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
    });
    await rig.built(['-t', 'plain:1'], { as });
    expect(verifyArchive(join(rig.dir, 'plain-1.tar')).diffIDs).toHaveLength(1);
    const refused = await rig.build(['--no-cache', '-f', join(rig.context, 'Dockerfile.run')], { as });
    expect(refused.code).toBe(1);
    expect(refused.stderr).toContain('[sandbox-unavailable]');
    expect(refused.stderr).toContain('Dockerfile.run:3');
    expect(refused.stderr).toMatch(new RegExp(`hint: .*${hint}`));
  },
);
