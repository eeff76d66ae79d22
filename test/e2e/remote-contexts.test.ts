import { execFileSync } from 'node:child_process';
import { existsSync, lstatSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { CliRig } from '../rig/cli.ts';
import { commit, git, serveGit } from '../rig/git-server.ts';
import { verifyArchive } from '../rig/oci-archive.ts';

const rig = CliRig.setup();
const repos = join(rig.dir, 'repos');
let server: Awaited<ReturnType<typeof serveGit>>;
let first = '';
let count = 0;

const ARCHIVED_AT = 1_000_000_000;
const tarball = () =>
  execFileSync('tar', ['cz', `--mtime=@${ARCHIVED_AT}`, '-C', join(repos, 'a'), 'Dockerfile', 'sub']);

beforeAll(async () => {
  first = commit(join(repos, 'a'), {
    Dockerfile: 'FROM scratch\nCOPY . /\n',
    'sub/Dockerfile': 'FROM scratch\nCOPY f /from-sub\n',
    'sub/f': 'one',
  });
  git(join(repos, 'a'), 'tag', '-a', 'v1', '-m', 'v1');
  commit(join(repos, 'a'), { 'sub/f': 'two' });
  commit(join(repos, 'hostile'), { Dockerfile: '-> /etc/passwd', out: '-> /etc' });
  server = await serveGit(repos, (request, response) => {
    if (request.url === '/x.tar.gz') response.end(tarball());
    else if (request.url === '/dated') response.setHeader('last-modified', 'Mon, 01 Jan 2001 00:00:00 GMT').end('x');
    else if (request.url === '/Dockerfile')
      response
        .setHeader('last-modified', 'Mon, 01 Jan 2001 00:00:00 GMT')
        .end('FROM scratch\nLABEL from=url\nCOPY . /all/\n');
    else if (request.url === '/loop') response.writeHead(302, { location: '/loop' }).end();
    else return false;
    return true;
  });
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
  await rig[Symbol.asyncDispose]();
});

/** Builds a context into a directory. */
async function build(context: string, flags: readonly string[] = []) {
  const dest = join(rig.dir, `out${String(count++)}`);
  const done = await rig.tsbuild(['--progress', 'plain', ...flags, '-o', `type=local,dest=${dest}`, context]);
  return { ...done, dest, read: (path: string) => readFileSync(join(dest, path), 'utf8') };
}

async function built(context: string, flags: readonly string[] = []) {
  const done = await build(context, flags);
  expect(done.stderr, done.stderr).not.toContain('error');
  expect(done.code).toBe(0);
  return done;
}

function local(text: string): string {
  const dir = join(rig.dir, `local${String(count++)}`);
  mkdirSync(dir);
  writeFileSync(join(dir, 'Dockerfile'), text);
  return dir;
}

describe('a repository as the context', () => {
  test('--reproducible, and SOURCE_DATE_EPOCH=context, take the date of its commit', async () => {
    const url = `${server.url}/a.git#${first}`;
    const date = Number(git(join(repos, 'a'), 'show', '-s', '--format=%ct', first));
    for (const [name, flags] of [
      ['reproducible', ['--reproducible']],
      ['context', ['--build-arg', 'SOURCE_DATE_EPOCH=context']],
    ] as const) {
      const dest = join(rig.dir, `${name}.tar`);
      const done = await rig.tsbuild(['--progress', 'plain', ...flags, '-o', `type=oci,dest=${dest}`, url]);
      expect(done.stderr, done.stderr).not.toContain('error');
      expect(verifyArchive(dest).config.created).toBe(new Date(date * 1000).toISOString().replace('.000', ''));
    }
  });

  test('SOURCE_DATE_EPOCH names what has a date: a stage that fetches, a named context, a URL', async () => {
    const date = Number(git(join(repos, 'a'), 'show', '-s', '--format=%ct', 'HEAD'));
    const stage = `ARG SOURCE_DATE_EPOCH=src\nFROM scratch AS src\nADD ${server.url}/a.git /\nFROM scratch\nCOPY --from=src /sub /\n`;
    for (const [name, context, flags, expected] of [
      ['stage', local(stage), [], date],
      [
        'named',
        local('FROM scratch\nWORKDIR /a\n'),
        ['SOURCE_DATE_EPOCH=src', '--build-context', `src=${server.url}/a.git`],
        date,
      ],
      [
        'last-modified',
        local('FROM scratch\nWORKDIR /a\n'),
        ['SOURCE_DATE_EPOCH=src', '--build-context', `src=${server.url}/dated`],
        978307200,
      ],
      ['archive', `${server.url}/x.tar.gz`, ['SOURCE_DATE_EPOCH=context'], ARCHIVED_AT],
    ] as const) {
      const dest = join(rig.dir, `epoch-${name}.tar`);
      const argv = flags.length === 0 ? [] : ['--build-arg', ...flags];
      const done = await rig.tsbuild(['--progress', 'plain', ...argv, '-o', `type=oci,dest=${dest}`, context]);
      expect(done.stderr, done.stderr).not.toContain('error');
      expect(verifyArchive(dest).config.created, name).toBe(
        new Date(expected * 1000).toISOString().replace('.000', ''),
      );
    }
    const none = await rig.tsbuild(['--build-arg', 'SOURCE_DATE_EPOCH=soon', local('FROM scratch\n')]);
    expect(none.stderr).toContain('invalid SOURCE_DATE_EPOCH: soon [flag-invalid]');
  });

  test('its default branch, without .git; a cached build fetches nothing', async () => {
    const out = await built(`${server.url}/a.git`);
    expect(readdirSync(out.dest).sort()).toEqual(['Dockerfile', 'sub']);
    expect(out.read('sub/f')).toBe('two');
    expect(lstatSync(join(out.dest, 'sub/f')).mode & 0o777).toBe(0o644);
    server.requests.length = 0;
    await built(`${server.url}/a.git`);
    expect(server.requests.filter((line) => line.startsWith('POST')).length).toBeLessThanOrEqual(1);
  });

  test.each(['#v1:sub', '?tag=v1&subdir=sub', '#refs/tags/v1:sub'])('%s', async (more) => {
    expect((await built(`${server.url}/a.git${more}`)).read('from-sub')).toBe('one');
  });

  test('with its .git, by a build argument', async () => {
    const kept = await built(`${server.url}/a.git#v1`, ['--build-arg', 'BUILDKIT_CONTEXT_KEEP_GIT_DIR=1']);
    expect(git(kept.dest, '-c', 'safe.directory=*', 'describe')).toBe('v1');
  });

  test('a full commit id, and a Dockerfile elsewhere in it', async () => {
    expect((await built(`${server.url}/a.git#${first}`)).read('sub/f')).toBe('one');
    expect((await build(`${server.url}/a.git`, ['-f', 'sub/Dockerfile'])).stderr).toContain('/f');
  });

  test.each([
    ['#nowhere', 'has no ref nowhere'],
    ['#--upload-pack=touch', 'cannot be the name'],
    ['#:../..', 'has no directory'],
    ['#:.git', 'has no directory'],
    ['?checksum=deadbeefdeadbeef', 'expected checksum to match'],
  ])('%s is refused', async (more, message) => {
    const { code, stderr } = await build(`${server.url}/a.git${more}`);
    expect(stderr).toContain(message);
    expect(code).toBe(1);
  });

  test('links lead nowhere outside of it', async () => {
    const { code, stderr } = await build(`${server.url}/hostile.git`);
    expect(code).toBe(1);
    expect(stderr).toContain('dockerfile-missing');
    expect((await build(`${server.url}/hostile.git#:out`)).stderr).toContain('has no directory');
  });
});

test('ADD of a repository, with and without its .git, checked', async () => {
  const add = `ADD --checksum=${first} ${server.url}/a.git#v1 /r\n`;
  expect((await built(local(`FROM scratch\n${add}`))).read('r/sub/f')).toBe('one');
  const kept = await built(local(`FROM scratch\nADD --keep-git-dir=true ${server.url}/a.git#v1 /r\n`));
  expect(git(join(kept.dest, 'r'), '-c', 'safe.directory=*', 'rev-parse', 'HEAD')).toBe(first);
  expect(git(join(kept.dest, 'r'), '-c', 'safe.directory=*', 'status', '--porcelain')).toBe('');
  expect(existsSync(join(kept.dest, 'r/.git/hooks'))).toBe(false);
});

test('a tarball, a Dockerfile, and a Dockerfile apart by URL', async () => {
  expect((await built(`${server.url}/x.tar.gz`)).read('sub/f')).toBe('two');
  const itself = await built(`${server.url}/Dockerfile`);
  expect(itself.read('all/context')).toContain('LABEL from=url');
  expect(lstatSync(join(itself.dest, 'all/context'))).toMatchObject({ mode: 0o100600, mtimeMs: 978307200_000 });
  await built(local('not a Dockerfile'), ['-f', `${server.url}/Dockerfile`]);
  const { code, stderr } = await build(`${server.url}/loop`);
  expect([code, stderr.includes('http-failed')]).toEqual([1, true]);
});

test('a directory of this machine comes before the repository that its name would be', async () => {
  const dir = join(rig.dir, 'here/github.com/owner/name');
  mkdirSync(dir, { recursive: true });
  writeFileSync(join(dir, 'Dockerfile'), 'FROM scratch\nCOPY . /\n');
  const dest = join(rig.dir, 'out-here');
  const argv = ['--progress', 'plain', '-o', `type=local,dest=${dest}`, 'github.com/owner/name'];
  const done = await rig.tsbuild(argv, { cwd: join(rig.dir, 'here') });
  expect(done.code, done.stderr).toBe(0);
  expect(readdirSync(dest)).toEqual(['Dockerfile']);
});

test('named contexts: a repository, and a URL as one file', async () => {
  const dir = local('FROM scratch\nCOPY --from=repo f /\nCOPY --from=url * /\n');
  const named = ['--build-context', `repo=${server.url}/a.git#v1:sub`, '--build-context', `url=${server.url}/x.tar.gz`];
  const out = await built(dir, named);
  expect(out.read('f')).toBe('one');
  expect(readdirSync(out.dest).sort()).toEqual(['f', 'x.tar.gz']);
});
