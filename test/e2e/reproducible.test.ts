import { cpSync, mkdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { CliRig, output } from '../rig/cli.ts';
import { git } from '../rig/git-server.ts';
import { hostFlags } from '../rig/host-flags.ts';
import { verifyArchive } from '../rig/oci-archive.ts';
import { type OrdinaryUser, openOrdinaryUser } from '../rig/ordinary-user.ts';

/** What an application does, and every instruction that makes files. */
const DOCKERFILE = `
  FROM base AS build
  WORKDIR /app
  COPY package.json ./
  RUN mkdir -p node_modules/left && cp package.json node_modules/left/ && echo cached > /root/npm.log
  COPY . .
  ADD archive.tar /opt/unpacked/
  RUN mkdir dist && sort src/*.js > dist/app.js && chmod 755 dist/app.js && ln dist/app.js dist/same.js
  FROM base
  ENV PORT=3000
  WORKDIR /srv/app
  COPY <<EOF /etc/app.conf
  port=3000
  EOF
  COPY --link --from=build /app/dist ./dist
  COPY --from=build --chown=7:8 /app/node_modules ./node_modules
  COPY --from=build /opt/unpacked /opt/unpacked
  RUN rm /etc/motd; echo made > /made && mkdir -p /var/lib/app/state
  USER 1000
  CMD ["/srv/app/dist/app.js"]
`;
const DAY = 24 * 3600;
/** Between the ages of the files and the builds. */
const COMMITTED = 1_750_000_000;

let rig: CliRig;
let flags: readonly string[];

beforeAll(async () => {
  rig = CliRig.setup(inject('baseRoot'));
  flags = await sharedBase(rig);
  rmSync(rig.context, { recursive: true });
  mkdirSync(rig.context);
  rig.write({
    Dockerfile: DOCKERFILE,
    'package.json': '{}\n',
    'src/b.js': 'b\n',
    'src/a.js': 'a\n',
    'old.txt': 'old\n',
  });
  await output(['tar', '-cf', join(rig.context, 'archive.tar'), '-C', rig.context, 'src', 'old.txt']);
  utimesSync(join(rig.context, 'old.txt'), COMMITTED - DAY, COMMITTED - DAY);
  git(rig.context, 'init', '-q');
  git(rig.context, 'add', '-A');
  await output(['git', 'commit', '-qm', 'x'], {
    cwd: rig.context,
    env: {
      GIT_COMMITTER_DATE: `${String(COMMITTED)} +0200`,
      GIT_COMMITTER_NAME: 'a',
      GIT_COMMITTER_EMAIL: 'a@b',
      GIT_AUTHOR_NAME: 'a',
      GIT_AUTHOR_EMAIL: 'a@b',
    },
  });
});
afterAll(() => rig[Symbol.asyncDispose]());

describe('--reproducible', () => {
  test('directory, root, time zone, umask, language and --jobs change no byte', async () => {
    const archives: Buffer[] = [];
    for (const [index, how] of HOWS.entries()) {
      await using other = CliRig.setup();
      const dir = join(other.dir, `somewhere-${'x'.repeat(index)}`);
      cpSync(rig.context, dir, { recursive: true, preserveTimestamps: how.keepsTimes });
      const dest = join(other.dir, 'app.tar');
      const argv = ['--reproducible', '-t', 'app:1', '--jobs', how.jobs, ...flags, '-o', `type=oci,dest=${dest}`, dir];
      const built = await other.tsbuild(argv, {
        env: how.env,
        as: ['sh', '-c', `umask ${how.umask}; exec "$@"`, 'sh'],
      });
      expect(built.stderr).not.toContain('error');
      verifyArchive(dest);
      archives.push(readFileSync(dest));
    }
    expect(archives.slice(1).map((bytes) => bytes.equals(archives[0] as Buffer))).toEqual([true, true]);
  });

  test('an ordinary user makes the same image', async (context) => {
    if (process.getuid?.() !== 0) context.skip('only root can be both root and somebody else');
    await using user = await openOrdinaryUser();
    const dest = join(rig.dir, 'root.tar');
    await rig.built(['--reproducible', '-t', 'app:1', ...flags, '-o', `type=oci,dest=${dest}`]);
    const theirs = await builtBy(user);
    expect(verifyArchive(theirs).digest).toBe(verifyArchive(dest).digest);
    expect(readFileSync(theirs).equals(readFileSync(dest))).toBe(true);
  });

  test('every time of an own layer is the commit’s; those of the base are its own', async () => {
    const dest = join(rig.dir, 'times.tar');
    await rig.built([
      '--reproducible',
      '-t',
      'app:1',
      ...flags,
      '-o',
      `type=oci,compression=uncompressed,dest=${dest}`,
    ]);
    const { config } = verifyArchive(dest);
    expect(config.created).toBe(new Date(COMMITTED * 1000).toISOString().replace('.000', ''));
    const [base, ...own] = await timesOfLayers(dest, join(rig.dir, 'times'));
    expect(new Set(own.flat())).toEqual(new Set([COMMITTED]));
    expect(base).toEqual((await timesOfLayers(join(rig.dir, 'base.tar'), join(rig.dir, 'base-times')))[0]);
  });

  test('layers that are older than the epoch change nothing', async () => {
    await using aged = CliRig.setup();
    aged.write({ Dockerfile: 'FROM scratch\nCOPY a /\nLABEL a=b\n', a: 'a\n' });
    await aged.built([]);
    const env = { SOURCE_DATE_EPOCH: '4000000000' };
    const cached = await aged.built(['-t', 'a:1'], { env });
    const anew = await aged.built(['-t', 'a:1', '--no-cache'], { env });
    expect(cached.report.image?.digest).toBe(anew.report.image?.digest);
  });

  test('an epoch that is given wins, and a context without a commit needs one', async () => {
    await using bare = CliRig.setup();
    bare.write({ Dockerfile: 'FROM scratch\nCOPY a /\n', a: 'a\n' });
    const refused = await bare.build(['--reproducible', '-t', 'a:1']);
    expect([refused.code, refused.stderr]).toEqual([1, expect.stringContaining('[epoch-unknown]')]);
    const given = await bare.built(['--reproducible', '-t', 'a:1'], { env: { SOURCE_DATE_EPOCH: '99' } });
    expect(verifyArchive(join(bare.dir, 'a-1.tar')).config.created).toBe('1970-01-01T00:01:39Z');
    expect(given.report.image?.digest).toBe(
      (await bare.built(['--reproducible', '-t', 'a:1', '--build-arg', 'SOURCE_DATE_EPOCH=99'])).report.image?.digest,
    );
  });
});

test('rewrite-timestamp=true clamps later times and keeps earlier ones; the layer is made once', async () => {
  const dest = join(rig.dir, 'clamped.tar');
  const spec = `type=oci,compression=uncompressed,rewrite-timestamp=true,dest=${dest}`;
  const env = { SOURCE_DATE_EPOCH: String(COMMITTED) };
  writeFileSync(join(rig.context, 'new.txt'), 'new\n');
  rig.write({ 'clamp.Dockerfile': 'FROM base\nCOPY old.txt new.txt /\nRUN touch -d @5 /five\n' });
  const build = ['-t', 'clamped:1', '-f', join(rig.context, 'clamp.Dockerfile'), ...flags, '-o', spec];
  const first = await rig.built(build, { env });
  const [, copied, ran] = await timesOfLayers(dest, join(rig.dir, 'clamped'));
  expect(copied).toEqual([COMMITTED, COMMITTED - DAY]);
  expect(ran).toEqual([5]);
  const again = await rig.built(build, { env });
  expect(again.report.image?.digest).toBe(first.report.image?.digest);
  expect(again.report.summary.hits).toBe(again.report.steps.length);

  // what stands on its name stands on the layers that were written
  rig.write({ 'on.Dockerfile': 'FROM clamped:1\nRUN test "$(stat -c %Y /new.txt)" = 1750000000\n' });
  await rig.built(['-f', join(rig.context, 'on.Dockerfile'), '-o', 'type=cacheonly']);
});

const HOWS = [
  { jobs: '1', umask: '022', keepsTimes: true, env: { TZ: 'UTC', LANG: 'C', LC_ALL: 'C' } },
  {
    jobs: '7',
    umask: '077',
    keepsTimes: false,
    env: { TZ: 'Asia/Kathmandu', LANG: 'de_DE.UTF-8', LC_ALL: 'tr_TR.UTF-8' },
  },
  { jobs: '2', umask: '000', keepsTimes: false, env: { TZ: 'America/St_Johns', LANG: '', LC_ALL: 'C.UTF-8' } },
];

async function builtBy(user: OrdinaryUser): Promise<string> {
  await output(['chmod', '-R', 'a+rX', rig.dir]);
  const dir = join(user.dir, 'checkout');
  await output(['cp', '-r', rig.context, dir]);
  await output(['chown', '-R', '--reference', user.dir, dir]);
  await using theirs = CliRig.setup(join(user.dir, 'root'));
  theirs.cli = user.cli;
  const dest = join(user.dir, 'user.tar');
  const argv = ['--reproducible', '-t', 'app:1', ...flags, '-o', `type=oci,dest=${dest}`, dir];
  const built = await theirs.tsbuild(argv, { as: user.as, cwd: user.dir });
  expect([built.code, built.stderr]).toEqual([0, expect.not.stringContaining('error')]);
  return dest;
}

/** busybox as an OCI layout that all can read: their roots are apart. */
async function sharedBase(of: CliRig): Promise<string[]> {
  of.write({ Dockerfile: 'FROM busybox\n' });
  const archive = join(of.dir, 'base.tar');
  await of.built(['-t', 'shared-base:1', '-o', `type=oci,dest=${archive}`]);
  await output(['skopeo', 'copy', `oci-archive:${archive}`, `oci:${join(of.dir, 'base')}:latest`]);
  await output(['chmod', '-R', 'a+rX', of.dir]);
  return ['--build-context', `base=oci-layout://${join(of.dir, 'base')}:latest`];
}

/** The times of each layer's entries, in the order of the tar, as GNU tar reads them. */
async function timesOfLayers(archive: string, dir: string): Promise<number[][]> {
  mkdirSync(dir);
  await output(['tar', '-xf', archive, '-C', dir]);
  const [{ Layers }] = JSON.parse(readFileSync(join(dir, 'manifest.json'), 'utf8')) as [{ Layers: string[] }];
  return Promise.all(
    Layers.map(async (layer) => {
      const listed = await output(['tar', '--list', '--verbose', '--full-time', '--utc', '-f', join(dir, layer)]);
      return listed
        .trimEnd()
        .split('\n')
        .map((line) => Date.parse(`${/\d{4}-\d\d-\d\d \d\d:\d\d:\d\d/.exec(line)?.[0] ?? ''}Z`) / 1000);
    }),
  );
}

test('a real application, twice without cache in other places: the same image', async () => {
  await using app = CliRig.setup(inject('baseRoot'));
  app.copyFixture('node-app');
  const host = await hostFlags(app.dir);
  const archives: string[] = [];
  for (const [index, how] of HOWS.slice(0, 2).entries()) {
    const dir = join(app.dir, `checkout-${'x'.repeat(index)}`);
    cpSync(app.context, dir, { recursive: true });
    const dest = join(app.dir, `app-${String(index)}.tar`);
    archives.push(dest);
    const argv = ['--reproducible', '--no-cache', ...host, '--jobs', how.jobs, '-o', `type=oci,dest=${dest}`, dir];
    const env = { ...how.env, SOURCE_DATE_EPOCH: String(COMMITTED) };
    const built = await app.tsbuild(['--progress', 'plain', ...argv], {
      env,
      as: ['sh', '-c', `umask ${how.umask}; exec "$@"`, 'sh'],
    });
    expect([built.code, built.stderr.slice(-2000)]).toEqual([0, expect.anything()]);
  }
  const [first, second] = archives.map(verifyArchive);
  expect(second?.diffIDs).toEqual(first?.diffIDs);
  expect(second?.digest).toBe(first?.digest);
});
