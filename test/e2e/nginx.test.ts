import { join } from 'node:path';
import { expect, inject, test } from 'vitest';
import { CliRig, output, run, until } from '../rig/cli.ts';
import { verifyArchive } from '../rig/oci-archive.ts';
import { runArchive } from '../rig/podman.ts';

test('the tutorial image builds, is cached, and serves a page', async () => {
  await using rig = CliRig.setup(inject('baseRoot'));
  rig.copyFixture('nginx');
  const first = await rig.built(['-t', 'tutorial:nginx']);
  const second = await rig.built(['-t', 'tutorial:nginx']);
  expect(second.report.summary.misses).toBe(0);
  expect(second.report.image?.digest).toBe(first.report.image?.digest);
  const archive = join(rig.dir, 'tutorial-nginx.tar');
  expect(verifyArchive(archive).config.config['Cmd']).toEqual(['nginx', '-g', 'daemon off;']);

  // A network of its own: ports 80 and 443 of the machine may be taken.
  await using server = await runArchive(archive, 'tutorial:nginx', ['--network', 'none']);
  const pid = async (): Promise<string> =>
    (await run(['podman', 'inspect', '--format', '{{.State.Pid}}', server.name])).stdout.trim();
  await until(`nginx starts\n${server.output()}`, async () => /^[1-9]/.test(await pid()), { withinMs: 30_000 });
  const inside = ['nsenter', '--net', '--target', await pid(), 'curl', '--silent', '--insecure', '--max-time', '5'];
  await until('nginx answers', async () => (await run([...inside, 'http://127.0.0.1/'])).code === 0, {
    withinMs: 30_000,
  });
  expect(await output([...inside, 'http://127.0.0.1/'])).toContain('Welcome to nginx');
  expect(await output([...inside, 'https://127.0.0.1/'])).toContain('Welcome to nginx');
});
