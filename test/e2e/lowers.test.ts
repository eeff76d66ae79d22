import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, inject, test } from 'vitest';
import { CliRig } from '../rig/cli.ts';

/** Everything that a process can tell of the files below /, mounts left out. A directory's size is its file system's own. */
const LISTING = `find / -xdev -mindepth 1 \\( -path /proc -o -path /sys -o -path /dev -o -path /listing -o -path /etc/resolv.conf -o -path /etc/hosts -o -path /etc/hostname \\) -prune -o -type d -printf '%p %y %m %U %G %T@\\n' -o -printf '%p %y %m %U %G %s %T@ %l\\n' | sort > /listing && find / -xdev -type f -not -path /listing -not -path '/etc/resolv.conf' -not -path '/etc/host*' -not -path '/proc/*' -not -path '/sys/*' -not -path '/dev/*' -print0 | sort -z | xargs -0 sha256sum >> /listing`;

const DOCKERFILE = `FROM node:20-bookworm-slim AS app
WORKDIR /app
COPY . .
COPY --chown=1000:1000 --chmod=640 package.json /etc/replaced
RUN rm -rf /usr/share/doc /usr/share/man && mkdir /usr/share/doc && ln /etc/passwd /etc/second && ln -sf nowhere /opt/link \\
  && chmod 2750 /opt && mkfifo /opt/pipe && touch -d @1000000000.123456789 /app /usr/share/doc /usr/share /etc /opt/pipe /opt -h /opt/link
RUN ${LISTING}
FROM scratch
COPY --from=app /listing /
`;

test('the stacks of an application show the same under every maker of lowers, down to nanoseconds', async () => {
  const listings: Record<string, string> = {};
  await using rig = CliRig.setup(inject('baseRoot'));
  rig.copyFixture('node-app');
  rig.write({ Dockerfile: DOCKERFILE });
  for (const lower of ['erofs', 'directory', 'copy']) {
    const dest = join(rig.dir, lower);
    await rig.built(['--no-cache', '--lower', lower, '-o', `type=local,dest=${dest}`]);
    listings[lower] = readFileSync(join(dest, 'listing'), 'utf8');
  }
  const { erofs = '', directory, copy } = listings;
  expect(erofs.split('\n').length).toBeGreaterThan(8000);
  expect(directory).toBe(erofs);
  expect(copy).toBe(erofs);
});
