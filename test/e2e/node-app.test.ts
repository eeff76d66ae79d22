import { copyFileSync, existsSync, readFileSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { makeBases } from '../rig/bases.ts';
import { type Built, CliRig, output, REPOSITORY, type Report, step, until } from '../rig/cli.ts';
import { hostFlags } from '../rig/host-flags.ts';
import { verifyArchive } from '../rig/oci-archive.ts';
import { runArchive } from '../rig/podman.ts';
import { freePort } from '../rig/ports.ts';

type Success = Built & { readonly report: Report };

describe('a real application', () => {
  let rig: CliRig;
  let flags: readonly string[];
  let cold: Success;
  let cached: Success;
  let touched: Success;
  const archive = (name: string): string => join(rig.dir, name);

  beforeAll(async () => {
    rig = CliRig.setup();
    rig.copyFixture('node-app');
    await makeBases(rig.root, ['debian:bookworm-slim', 'node:20-bookworm-slim']);
    flags = [...(await hostFlags(rig.dir)), '-t', 'node-app:1.0'];

    cold = await rig.built(flags);
    copyFileSync(archive('node-app-1.0.tar'), archive('cold.tar'));
    cached = await rig.built(flags, {
      env: {
        NODE_OPTIONS: `--import ${pathToFileURL(join(REPOSITORY, 'test/rig/record-spawns.mjs')).href}`,
        RECORD_SPAWNS: archive('spawns.txt'),
      },
    });
    copyFileSync(archive('node-app-1.0.tar'), archive('cached.tar'));

    const source = join(rig.context, 'src/app.ts');
    writeFileSync(source, readFileSync(source, 'utf8').replace('hello from', 'hello again from'));
    touched = await rig.built(flags);
  });
  afterAll(() => rig[Symbol.asyncDispose]());

  test('cold: every step but the bases runs, and says that there was no record', () => {
    // Two stages with the same WORKDIR on the same base: the second takes what the first has made.
    const ran = cold.report.steps.filter((one) => one.kind !== 'FROM' && !/^\[stage-1 .* WORKDIR/.test(one.name));
    expect(ran.map((one) => [one.name, one.status, one.reason?.code])).toEqual(
      ran.map((one) => [one.name, 'miss', 'no-record']),
    );
    expect(step(cold.report, 'npm ci').name).toMatch(/^\[build \d+\/\d+\] RUN /);
    expect(cold.report.image?.tags).toHaveLength(1);
  });

  test('cached: every step hits, the digest is the same', () => {
    expect(cached.report.steps.map((one) => one.status)).toEqual(cached.report.steps.map(() => 'hit'));
    expect(cached.report.summary.hits).toBe(cold.report.steps.length);
    expect(cached.report.image?.digest).toBe(cold.report.image?.digest);
    expect(readFileSync(archive('cached.tar')).equals(readFileSync(archive('cold.tar')))).toBe(true);
    expect(cached.report.summary.savedMs).toBeGreaterThan(0);
  });

  test('cached: starts no program, so unpacks and mounts nothing', () => {
    expect(existsSync(archive('spawns.txt')) ? readFileSync(archive('spawns.txt'), 'utf8') : '').toBe('');
  });

  test('one source file changed: what depends on it runs, the rest hits', () => {
    const status = (text: string): string => step(touched.report, text).status;
    expect(status('npm ci')).toBe('hit');
    expect(status('COPY . .')).toBe('miss');
    expect(step(touched.report, 'COPY . .').reason).toMatchObject({
      code: 'files-changed',
      changes: [{ path: 'src/app.ts', what: 'content' }],
    });
    expect(step(touched.report, 'npm run build')).toMatchObject({ status: 'miss', reason: { code: 'parent-changed' } });
    expect(step(touched.report, 'npm run build').reason?.message).toContain('[build 5/');
    expect(status('node_modules')).toBe('hit');
    expect(status('dist/src')).toBe('miss');
    expect(touched.report.image?.digest).not.toBe(cold.report.image?.digest);
  });

  test('touch alone changes nothing', async () => {
    utimesSync(join(rig.context, 'src/app.ts'), new Date(), new Date());
    const again = await rig.built(flags);
    expect(again.report.summary.misses).toBe(0);
    expect(again.report.image?.digest).toBe(touched.report.image?.digest);
  });

  test('the summary says what was saved and how to load and run the image', () => {
    expect(cached.stderr).toContain('load it: docker load -i node-app-1.0.tar');
    expect(cached.stderr).toContain('-p 3000:3000');
    expect(cached.stderr).toMatch(/node:20-bookworm-slim: built here .* ago/);
  });

  test('the image holds the config that the Dockerfile says, and nothing of this machine', async () => {
    const { config } = verifyArchive(archive('node-app-1.0.tar'));
    expect(config.config).toMatchObject({
      User: 'node',
      WorkingDir: '/app',
      Cmd: ['node', 'dist/src/server.js'],
      ExposedPorts: { '3000/tcp': {} },
      Healthcheck: { Interval: 10_000_000_000, Timeout: 3_000_000_000 },
    });
    await output(['umoci', 'unpack', '--image', await layoutOf('node-app-1.0.tar'), archive('bundle')]);
    expect(existsSync(archive('bundle/rootfs/app/node_modules/express/package.json'))).toBe(true);
    expect(existsSync(archive('bundle/rootfs/app/node_modules/typescript'))).toBe(false);
    expect(existsSync(archive('bundle/rootfs/root/.npmrc'))).toBe(false);
    expect(statSync(archive('bundle/rootfs/etc/resolv.conf')).size).toBe(0);
  });

  test('skopeo reads the archive both ways', async () => {
    const oci = JSON.parse(await output(['skopeo', 'inspect', `oci-archive:${archive('node-app-1.0.tar')}`])) as {
      Digest: string;
    };
    expect(oci.Digest).toBe(touched.report.image?.digest);
    const docker = JSON.parse(
      await output(['skopeo', 'inspect', '--config', `docker-archive:${archive('node-app-1.0.tar')}`]),
    ) as object;
    expect(docker).toMatchObject({ os: 'linux', config: { User: 'node' } });
  });

  test('podman loads and runs it, and it answers over HTTP', async () => {
    const port = await freePort();
    await using container = await runArchive(archive('node-app-1.0.tar'), 'node-app:1.0', [
      '--network',
      'host',
      '-e',
      `PORT=${String(port)}`,
    ]);
    const answer = (path: string): Promise<string | undefined> =>
      fetch(`http://127.0.0.1:${String(port)}${path}`).then(
        (response) => response.text(),
        () => undefined,
      );
    await until(`the app answers\n${container.output()}`, async () => (await answer('/health')) !== undefined, {
      withinMs: 30_000,
    });
    expect(await answer('/health')).toBe('{"status":"ok"}');
    expect(await answer('/')).toBe('hello again from node-app\n');
  });

  test('the image is a base of the next build by its name', async () => {
    await using next = CliRig.setup(rig.root);
    next.write({ Dockerfile: 'FROM node-app:1.0\nLABEL next=yes\n' });
    const { report } = await next.built(['-t', 'next:1']);
    expect(report.steps[0]).toMatchObject({ kind: 'FROM', status: 'hit' });
    expect(verifyArchive(join(next.dir, 'next-1.tar')).config.config['Labels']).toEqual({ next: 'yes' });
  });

  async function layoutOf(tar: string): Promise<string> {
    await output(['skopeo', 'copy', `oci-archive:${archive(tar)}`, `oci:${archive('layout')}:latest`]);
    return `${archive('layout')}:latest`;
  }
});
