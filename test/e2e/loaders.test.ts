import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, inject, type TestContext, test } from 'vitest';
import { CliRig, output, startProcess, until } from '../rig/cli.ts';
import { type ImageConfig, verifyArchive } from '../rig/oci-archive.ts';
import { type RootFilesystem, readRootfs, tarOf } from '../rig/rootfs.ts';

/** Everything that a layer can say and a loader can get wrong. */
const DOCKERFILE = `
  FROM busybox
  RUN mkdir -p /old/sub /gone && echo x > /old/sub/f && echo x > /gone/f && echo x > /replaced
  COPY --chown=7:8 files/ /files/
  RUN rm -r /old && mkdir /old && echo new > /old/n && rm -r /gone && rm /replaced && ln -s /files /replaced
  RUN cd /files && chmod 4755 a.txt && ln a.txt hard && mkfifo pipe && mkdir -m 1777 empty \\
   && mkdir 'ünï cödé' && echo 1 > "$(printf '\\377\\376')" && touch -d @86400 empty && echo x > $(printf 'long%.0s' $(seq 60))
  ENV A=1 B="two words"
  LABEL org.example.x="\\"quoted\\""
  USER 1000:1000
  WORKDIR /files
  EXPOSE 8080 53/udp
  VOLUME /data
  STOPSIGNAL SIGINT
  HEALTHCHECK --interval=7s CMD ["true"]
  SHELL ["/bin/sh", "-ec"]
  ENTRYPOINT ["/bin/echo"]
  CMD ["hello", "from it"]
`;
const NAME = 'docker.io/library/loaded:1';

let rig: CliRig;
let archive: string;
let layout: string;
let config: ImageConfig;
let configDigest: string;
let rootfs: RootFilesystem;

beforeAll(async () => {
  rig = CliRig.setup(inject('baseRoot'));
  rig.write({ Dockerfile: DOCKERFILE, 'files/a.txt': 'a\n', 'files/cap': 'x\n' });
  await output(['setcap', 'cap_net_raw+ep', join(rig.context, 'files/cap')]);
  archive = join(rig.dir, 'loaded-1.tar');
  layout = join(rig.dir, 'layout');
  const files = join(rig.dir, 'files.tar');
  const outputs = [`type=oci,dest=${archive}`, `type=oci,tar=false,dest=${layout}`, `type=tar,dest=${files}`];
  const built = await rig.built(['-t', 'loaded:1', ...outputs.flatMap((spec) => ['-o', spec])]);
  configDigest = built.report.image?.configDigest ?? '';
  ({ config } = verifyArchive(archive));
  rootfs = await readRootfs(['cat', files]);
  expect(rootfs.get('files/cap')).toContain('security.capability=');
  expect([...rootfs.keys()].filter((path) => path.startsWith('gone'))).toEqual([]);
});
afterAll(() => rig[Symbol.asyncDispose]());

/** A loader that is not here is named, not passed over in silence. */
async function needs(context: TestContext, ...programs: readonly string[]): Promise<void> {
  for (const program of programs) {
    const found = await output(['sh', '-c', `command -v ${program} || true`]);
    if (found !== '') continue;
    process.stderr.write(`${context.task.name}: skipped, ${program} is not installed\n`);
    context.skip(`${program} is not installed`);
  }
}

/** All that the image has; what an engine puts into its containers is its own. */
function expectSame(loaded: RootFilesystem, engineFiles: readonly string[] = []): void {
  const own = new Set(engineFiles);
  const shown = (files: RootFilesystem) => [...files].filter(([path]) => !own.has(path)).map((pair) => pair.join(' '));
  expect(shown(loaded)).toEqual(shown(rootfs));
}

async function unpacked(name: string): Promise<RootFilesystem> {
  const bundle = join(rig.dir, `bundle-${String(bundles++)}`);
  await output(['umoci', 'unpack', '--image', name, bundle]);
  return readRootfs(tarOf(join(bundle, 'rootfs')));
}
let bundles = 0;

test('umoci unpacks the layout', async (context) => {
  await needs(context, 'umoci');
  expectSame(await unpacked(`${layout}:1`));
});

test('skopeo takes it as an OCI archive, as it is', async (context) => {
  await needs(context, 'skopeo', 'umoci');
  const copy = join(rig.dir, 'from-oci');
  await output(['skopeo', 'copy', '--quiet', `oci-archive:${archive}`, `oci:${copy}:1`]);
  expect(await output(['skopeo', 'inspect', '--config', '--raw', `oci:${copy}:1`])).toBe(rawConfig());
  expectSame(await unpacked(`${copy}:1`));
});

test('skopeo takes it as a docker archive, with the same config', async (context) => {
  await needs(context, 'skopeo', 'umoci');
  const copy = join(rig.dir, 'from-docker');
  await output(['skopeo', 'copy', '--quiet', `docker-archive:${archive}:loaded:1`, `oci:${copy}:1`]);
  const found = JSON.parse(await output(['skopeo', 'inspect', '--config', '--raw', `oci:${copy}:1`])) as ImageConfig;
  expect(found.rootfs).toEqual(config.rootfs);
  expectSame(await unpacked(`${copy}:1`));
});

test('podman loads and runs it', async (context) => {
  await needs(context, 'podman', 'runc');
  const podman = [...storageOf('podman'), '--runtime', 'runc'];
  await output([...podman, 'load', '--quiet', '-i', archive]);
  const [image] = JSON.parse(await output([...podman, 'image', 'inspect', NAME])) as [{ Id: string }];
  expect(`sha256:${image.Id}`).toBe(configDigest);
  const mounted = (await output([...podman, 'image', 'mount', NAME])).trim();
  expectSame(await readRootfs(tarOf(mounted)));
  await output([...podman, 'image', 'umount', NAME]);
  const limits = ['--ulimit', 'nofile=1024:1024', '--ulimit', 'nproc=8192:8192', '--network=none', '--no-healthcheck'];
  expect(await output([...podman, 'run', '--rm', ...limits, NAME])).toBe('hello from it\n');
});

test.for(['oci-archive', 'docker-archive'])('buildah pulls it as %s', async (transport, context) => {
  await needs(context, 'buildah');
  const buildah = storageOf('buildah', transport);
  const id = (await output([...buildah, 'pull', '--quiet', `${transport}:${archive}`])).trim();
  const container = (await output([...buildah, 'from', '--pull=never', id])).trim();
  const mounted = (await output([...buildah, 'mount', container])).trim();
  expectSame(await readRootfs(tarOf(mounted)));
  const inspected = JSON.parse(await output([...buildah, 'inspect', '--type', 'image', id])) as { OCIv1: ImageConfig };
  expect(inspected.OCIv1.config).toMatchObject({ Cmd: ['hello', 'from it'], User: '1000:1000', WorkingDir: '/files' });
  await output([...buildah, 'rm', container]);
});

test('containerd imports and mounts it', async (context) => {
  await needs(context, 'containerd', 'ctr');
  await using daemon = await openContainerd();
  const { ctr } = daemon;
  await output([...ctr, 'images', 'import', '--snapshotter', 'native', archive]);
  const listed = await output([...ctr, 'images', 'ls', '-q']);
  expect(listed.trim()).toBe(NAME);
  expect(await output([...ctr, 'content', 'get', configDigest])).toBe(rawConfig());
  const at = join(rig.dir, 'containerd-mount');
  mkdirSync(at);
  await output([...ctr, 'images', 'mount', '--snapshotter', 'native', NAME, at]);
  try {
    expectSame(await readRootfs(tarOf(at)));
  } finally {
    await output([...ctr, 'images', 'unmount', '--snapshotter', 'native', '--rm', at]);
  }
});

test('docker loads and runs it', async (context) => {
  await needs(context, 'dockerd', 'docker', 'containerd');
  await using daemon = await openDocker();
  const { docker } = daemon;
  expect(await output([...docker, 'load', '-i', archive])).toContain('loaded:1');
  const [image] = JSON.parse(await output([...docker, 'image', 'inspect', 'loaded:1'])) as [
    { Id: string; Config: object },
  ];
  expect(image.Id).toBe(configDigest);
  expect(image.Config).toMatchObject(config.config);
  await output([...docker, 'create', '--name', 'made', 'loaded:1']);
  expectSame(await readRootfs([...docker, 'export', 'made']), DOCKERS);
  expect(await output([...docker, 'run', '--rm', '--network=none', 'loaded:1'])).toBe('hello from it\n');
});

/** Made when a container is. */
const DOCKERS = [
  '.dockerenv',
  'dev',
  'dev/console',
  'dev/pts',
  'dev/shm',
  'etc/hostname',
  'etc/hosts',
  'etc/mtab',
  'etc/resolv.conf',
  'etc',
  'proc',
  'sys',
];

function rawConfig(): string {
  return readFileSync(join(layout, 'blobs', ...configDigest.split(':')), 'utf8');
}

function storageOf(program: string, more = ''): readonly string[] {
  const dir = join(rig.dir, `${program}${more}`);
  return [program, '--root', join(dir, 'root'), '--runroot', join(dir, 'run'), '--storage-driver', 'vfs'];
}

async function openContainerd() {
  const dir = join(rig.dir, 'containerd');
  mkdirSync(dir);
  const socket = join(dir, 'sock');
  const file = join(dir, 'config.toml');
  writeFileSync(file, `version = 2\nroot = "${dir}/root"\nstate = "${dir}/state"\n[grpc]\naddress = "${socket}"\n`);
  const server = startProcess(['containerd', '--config', file]);
  const ctr = ['ctr', '--address', socket, '-n', 'test'];
  await answers([...ctr, 'version'], server);
  return { ctr, ...stopping(server) };
}

async function openDocker() {
  const dir = join(rig.dir, 'docker');
  mkdirSync(dir);
  const host = `unix://${dir}/sock`;
  const places = [
    '--data-root',
    join(dir, 'data'),
    '--exec-root',
    join(dir, 'exec'),
    '-p',
    join(dir, 'pid'),
    '-H',
    host,
  ];
  const server = startProcess(['dockerd', ...places, '--storage-driver=vfs', '--bridge=none', '--iptables=false']);
  const docker = ['docker', '-H', host];
  await answers([...docker, 'version'], server);
  return { docker, ...stopping(server) };
}

function answers(command: readonly string[], server: ReturnType<typeof startProcess>): Promise<void> {
  const asked = () =>
    output(command).then(
      () => true,
      () => false,
    );
  return until(`${command.join(' ')}\n${server.output()}`, asked, { withinMs: 60_000 });
}

function stopping({ child, finished }: ReturnType<typeof startProcess>) {
  return {
    [Symbol.asyncDispose]: async () => {
      child.kill();
      await finished;
    },
  };
}
