import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect, inject, test } from 'vitest';
import { CliRig, output } from '../rig/cli.ts';
import { verifyArchive } from '../rig/oci-archive.ts';

const HOST = process.arch === 'arm64' ? 'arm64' : 'amd64';
const OTHER = HOST === 'amd64' ? 'arm64' : 'amd64';

/** An image for another processor, as an OCI layout; its programs are this machine's, for want of others. */
async function foreignBase(rig: CliRig): Promise<string[]> {
  rig.write({ Dockerfile: 'FROM scratch\nCOPY a /\n', a: 'a\n' });
  const archive = join(rig.dir, 'foreign.tar');
  await rig.built(['--platform', `linux/${OTHER}`, '-o', `type=oci,dest=${archive}`, '-t', 'foreign-made:1']);
  expect(verifyArchive(archive).config.architecture).toBe(OTHER);
  await output(['skopeo', 'copy', '--quiet', `oci-archive:${archive}`, `oci:${join(rig.dir, 'foreign')}:1`]);
  return ['--platform', `linux/${OTHER}`, '--build-context', `foreign=oci-layout://${join(rig.dir, 'foreign')}:1`];
}

test('a foreign RUN is refused when it must run, and a cross build needs no emulation', async (context) => {
  await using rig = CliRig.setup(inject('baseRoot'));
  const flags = await foreignBase(rig);
  rig.write({
    Dockerfile: `
      FROM --platform=$BUILDPLATFORM busybox AS build
      ARG TARGETARCH
      RUN echo "for $TARGETARCH" > /made
      FROM foreign
      COPY --from=build /made /made
    `,
  });
  const dest = join(rig.dir, 'cross.tar');
  await rig.built([...flags, '-o', `type=oci,dest=${dest}`]);
  expect(verifyArchive(dest).config.architecture).toBe(OTHER);

  if (existsSync(`/proc/sys/fs/binfmt_misc/qemu-${OTHER === 'arm64' ? 'aarch64' : 'x86_64'}`))
    context.skip(`this machine runs programs for ${OTHER}`);
  rig.write({
    Dockerfile: `
      FROM --platform=$BUILDPLATFORM busybox AS first
      RUN echo may run
      FROM foreign
      COPY --from=first /etc /etc
      RUN ["/a"]
    `,
  });
  const refused = await rig.build(flags);
  const atOnce = await rig.build(['--no-cache', ...flags]);
  expect([atOnce.code, atOnce.report?.steps]).toEqual([1, []]);
  expect(atOnce.stderr).toContain('[emulation-missing]');
  expect(refused.code).toBe(1);
  expect(refused.report?.steps.at(-1)).toMatchObject({ kind: 'RUN', status: 'failed' });
  expect(refused.stderr).toMatch(/^Dockerfile:5:1$/m);
  expect(refused.stderr).toContain('[emulation-missing]');
});
