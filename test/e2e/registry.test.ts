import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { CliRig, output, step } from '../rig/cli.ts';
import { startRegistry, type TestRegistry } from '../rig/registry.ts';

describe('a registry', () => {
  let rig: CliRig;
  let host: string;
  let server: TestRegistry;

  beforeAll(async () => {
    rig = CliRig.setup(inject('baseRoot'));
    server = await startRegistry(rig.dir);
    ({ host } = server);
    rig.write({ Dockerfile: 'FROM busybox\nLABEL from=registry\n' });
    const archive = join(rig.dir, 'image.tar');
    await rig.built(['-o', `type=oci,dest=${archive}`]);
    for (const name of ['app:1', 'library/busybox:latest']) {
      await output(['skopeo', 'copy', '--dest-tls-verify=false', `oci-archive:${archive}`, `docker://${host}/${name}`]);
    }
  });
  afterAll(async () => {
    await server[Symbol.asyncDispose]();
    await rig[Symbol.asyncDispose]();
  });

  test('an image is pulled over plain http from the loopback, run, and cached', async () => {
    await using other = CliRig.setup();
    other.write({ Dockerfile: `FROM ${host}/app:1\nRUN echo pulled > /pulled\n` });
    const first = await other.built(['-t', 'pulled:1']);
    const second = await other.built(['-t', 'pulled:1']);
    expect(step(first.report, 'RUN').status).toBe('miss');
    expect(second.report.summary.misses).toBe(0);
    expect(second.report.image?.digest).toBe(first.report.image?.digest);
  });

  test('a mirror answers for Docker Hub', async () => {
    await using other = CliRig.setup();
    other.write({ Dockerfile: 'FROM busybox\nCOPY Dockerfile /\n' });
    await other.built(['-t', 'mirrored:1', '--registry-mirror', `docker.io=http://${host}`]);
  });

  test('a config file names mirrors too', async () => {
    await using other = CliRig.setup();
    other.write({ Dockerfile: 'FROM docker.io/library/busybox\nCOPY Dockerfile /\n' });
    const config = join(other.dir, 'config.json');
    writeFileSync(config, JSON.stringify({ registries: { 'docker.io': { mirrors: [`http://${host}`] } } }));
    await other.built([], { env: { TSBUILD_CONFIG: config } });
  });

  test('a tag that is not there is said', async () => {
    await using other = CliRig.setup();
    other.write({ Dockerfile: `FROM ${host}/app:nope\n` });
    const built = await other.build();
    expect(built.stderr).toContain('[image-not-found]');
    expect(built.code).toBe(1);
  });
});
