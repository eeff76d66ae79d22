import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { CliRig, output, startProcess, until } from '../rig/cli.ts';
import { freePort } from '../rig/ports.ts';

/** bob:secret, as htpasswd -B writes it. */
const HTPASSWD = 'bob:$2y$05$abcdefghijklmnopqrstuuOQiyCxlgf/oeuTqixKmWdcYUh4Hjl0a\n';

describe('a registry with a private authority and a password', () => {
  let rig: CliRig;
  let host: string;
  let server: ReturnType<typeof startProcess>;
  let env: Readonly<Record<string, string>>;

  beforeAll(async () => {
    rig = CliRig.setup(inject('baseRoot'));
    host = `localhost:${String(await freePort())}`;
    await makeCertificate(rig.dir);
    server = startProcess(['docker-registry', 'serve', writeRegistryConfig(rig.dir, host)]);
    await until(
      `the registry answers\n${server.output()}`,
      () =>
        output(['curl', '-sk', `https://${host}/v2/`]).then(
          (text) => text.includes('UNAUTHORIZED'),
          () => false,
        ),
      { withinMs: 20_000 },
    );
    env = logIn(rig.dir, host);
  });
  afterAll(async () => {
    server.child.kill();
    await server.finished;
    await rig[Symbol.asyncDispose]();
  });

  test('what is pushed is pulled again with the same digest, layers of the base included', async () => {
    rig.write({ Dockerfile: 'FROM busybox\nRUN echo pushed > /pushed\n' });
    const first = await rig.built(['-t', `${host}/team/app:1`, '-t', `${host}/team/app:latest`, '--push'], { env });
    expect(first.stderr).toContain(`${host}/team/app:1, ${host}/team/app:latest`);

    await using other = CliRig.setup();
    other.write({ Dockerfile: `FROM ${host}/team/app:1\n` });
    const again = await other.built(['-t', `${host}/copy/app:1`, '--push'], { env });
    expect(again.report.image?.configDigest).toBe(first.report.image?.configDigest);
    const digests = await Promise.all(
      ['team/app:1', 'team/app:latest', 'copy/app:1'].map((name) => remoteDigest(rig.dir, `${host}/${name}`)),
    );
    expect(digests).toEqual(digests.map(() => first.report.image?.digest));
  });

  test('an archive and a push are one build', async () => {
    rig.write({ Dockerfile: 'FROM busybox\nLABEL both=1\n' });
    const archive = join(rig.dir, 'both.tar');
    const built = await rig.built(['-t', `${host}/both:1`, '-o', `type=oci,dest=${archive}`, '-o', 'type=registry'], {
      env,
    });
    expect(await remoteDigest(rig.dir, `${host}/both:1`)).toBe(built.report.image?.digest);
    expect(await output(['skopeo', 'inspect', '--format', '{{.Digest}}', `oci-archive:${archive}`])).toContain(
      built.report.image?.digest,
    );
  });

  test('a credential helper is asked', async () => {
    const bin = join(rig.dir, 'bin');
    mkdirSync(bin);
    const helper = join(bin, 'docker-credential-fixed');
    writeFileSync(
      helper,
      '#!/bin/sh\nread server\nprintf \'{"ServerURL":"%s","Username":"bob","Secret":"secret"}\' "$server"\n',
    );
    chmodSync(helper, 0o755);
    const config = join(rig.dir, 'helper-config');
    mkdirSync(config);
    writeFileSync(join(config, 'config.json'), JSON.stringify({ credHelpers: { [host]: 'fixed' } }));
    rig.write({ Dockerfile: 'FROM busybox\nLABEL helper=1\n' });
    await rig.built(['-t', `${host}/helped:1`, '--push'], {
      env: { ...env, DOCKER_CONFIG: config, PATH: `${bin}:${process.env['PATH'] ?? ''}` },
    });
  });

  test('without a password it is refused, and says as whom it was asked', async () => {
    rig.write({ Dockerfile: 'FROM busybox\nLABEL refused=1\n' });
    const built = await rig.build(['-t', `${host}/refused:1`, '--push'], { env: { ...env, DOCKER_CONFIG: rig.dir } });
    expect(built.code).toBe(1);
    expect(built.stderr).toContain('[registry-denied]');
    expect(built.stderr).toContain('no credentials');
  });
});

test('--load hands the image to podman', async () => {
  await using rig = CliRig.setup(inject('baseRoot'));
  rig.write({ Dockerfile: 'FROM busybox\nLABEL loaded=1\n' });
  const storage = join(rig.dir, 'storage.conf');
  writeFileSync(
    storage,
    `[storage]\ndriver = "vfs"\nrunroot = "${join(rig.dir, 'run')}"\ngraphroot = "${join(rig.dir, 'graph')}"\n`,
  );
  const env = { CONTAINERS_STORAGE_CONF: storage };
  const built = await rig.built(['-t', 'loaded:1', '--load'], { env });
  expect(built.stderr).toContain('podman');
  const id = await output([
    'env',
    `CONTAINERS_STORAGE_CONF=${storage}`,
    'podman',
    'images',
    '-q',
    '--no-trunc',
    'loaded:1',
  ]);
  expect(id.trim()).toBe(built.report.image?.configDigest);
});

async function makeCertificate(dir: string): Promise<void> {
  await output([
    'openssl',
    ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'],
    ...['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost'],
    ...['-keyout', join(dir, 'key.pem'), '-out', join(dir, 'cert.pem')],
  ]);
}

function writeRegistryConfig(dir: string, host: string): string {
  const file = join(dir, 'registry.yml');
  writeFileSync(join(dir, 'htpasswd'), HTPASSWD);
  const config = {
    version: '0.1',
    log: { level: 'error' },
    storage: { filesystem: { rootdirectory: join(dir, 'registry') } },
    http: { addr: host, tls: { certificate: join(dir, 'cert.pem'), key: join(dir, 'key.pem') } },
    auth: { htpasswd: { realm: 'test', path: join(dir, 'htpasswd') } },
  };
  writeFileSync(file, JSON.stringify(config));
  return file;
}

/** docker's config.json with the password, and ours with the authority. */
function logIn(dir: string, host: string): Readonly<Record<string, string>> {
  const docker = join(dir, 'docker');
  mkdirSync(docker);
  const auth = Buffer.from('bob:secret').toString('base64');
  writeFileSync(join(docker, 'config.json'), JSON.stringify({ auths: { [host]: { auth } } }));
  const config = join(dir, 'tsbuild.json');
  writeFileSync(config, JSON.stringify({ registries: { [host]: { ca: 'cert.pem' } } }));
  return { DOCKER_CONFIG: docker, TSBUILD_CONFIG: config };
}

async function remoteDigest(dir: string, name: string): Promise<string> {
  const flags = ['--creds', 'bob:secret', '--tls-verify=false'];
  const raw = await output(['skopeo', 'inspect', ...flags, '--format', '{{.Digest}}', `docker://${name}`], {
    cwd: dir,
  });
  return raw.trim();
}
