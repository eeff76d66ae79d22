import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { fileLocks } from '../../../src/host/sys/index.ts';
import { type Git, type GitOptions, type GitRequest, openGit } from '../../../src/sources/git/index.ts';
import { commit, git, serveGit } from '../../rig/git-server.ts';

const signal = new AbortController().signal;
const PATH = process.env['PATH'];
let shared = '';
let repo = '';
let first = '';
let second = '';

beforeAll(() => {
  shared = mkdtempSync(join(tmpdir(), 'git-repo-'));
  repo = join(shared, 'a');
  first = commit(repo, { f: 'one', 'sub/g': 'g' });
  git(repo, 'tag', '-a', 'v1', '-m', 'v1');
  git(repo, 'tag', 'both');
  second = commit(repo, { f: 'two' });
  git(repo, 'branch', 'both');
  git(repo, 'tag', 'light');
  git(repo, 'update-ref', 'refs/pull/1', first);
});
afterAll(() => rmSync(shared, { recursive: true, force: true }));

function gitRig(more: Partial<GitOptions> = {}) {
  const dir = mkdtempSync(join(tmpdir(), 'git-'));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  const source: Git = openGit({
    dir: join(dir, 'git'),
    env: { PATH },
    locks: fileLocks,
    protocols: 'file',
    authHeader: () => Promise.resolve(undefined),
    ...more,
  });
  const checkout = async (request: GitRequest, to = 'out') => {
    const found = await source.resolve(request, { signal });
    return source.checkout(request, found, { dir: join(dir, to), signal });
  };
  return { dir, source, checkout };
}

const request = (more: Partial<GitRequest> = {}): GitRequest => ({ url: `file://${repo}`, ...more });

describe('which commit', () => {
  test.each([
    [{}, () => second],
    [{ ref: 'HEAD' }, () => second],
    [{ ref: 'main' }, () => second],
    [{ ref: 'refs/heads/main' }, () => second],
    [{ ref: 'v1' }, () => first],
    [{ ref: 'refs/tags/v1' }, () => first],
    [{ ref: 'both' }, () => second],
    [{ ref: 'refs/tags/both' }, () => first],
  ])('%j', async (more, wanted) => {
    const { source } = gitRig();
    expect((await source.resolve(request(more), { signal })).commit).toBe(wanted());
  });

  test('the checksum is a prefix of it, or the id of its tag', async () => {
    const { source } = gitRig();
    const tag = git(repo, 'rev-parse', 'v1');
    for (const checksum of [first, first.slice(0, 7), first.slice(0, 1), tag])
      expect((await source.resolve(request({ ref: 'v1', checksum }), { signal })).commit).toBe(first);
    for (const checksum of [`${first}0`, 'ABCDEF0'])
      await expect(source.resolve(request({ checksum }), { signal })).rejects.toMatchObject({
        code: 'checksum-mismatch',
      });
    for (const checksum of ['', 'main', `${first}\n`])
      await expect(source.resolve(request({ checksum }), { signal })).rejects.toMatchObject({
        code: 'copy-invalid',
        message: expect.stringContaining('expected hex commit hash'),
      });
  });

  test('fetch-by-commit takes the commit wherever the ref stands, and asks nobody', async () => {
    const { source, checkout } = gitRig();
    const byCommit = request({ ref: 'main', checksum: first, fetchByCommit: true });
    expect(readFileSync(join((await checkout(byCommit)).dir, 'f'), 'utf8')).toBe('one');
    const nowhere = { ...byCommit, url: 'file:///nowhere' };
    expect((await source.resolve(nowhere, { signal })).commit).toBe(first);
    const prefix = source.resolve({ ...byCommit, checksum: first.slice(0, 12) }, { signal });
    await expect(prefix).rejects.toMatchObject({ code: 'copy-invalid' });
  });
});

describe('a checkout', () => {
  test('files of the commit, and when it was made', async () => {
    const { checkout } = gitRig();
    const out = await checkout(request({ ref: 'v1' }));
    expect(readdirSync(out.dir).sort()).toEqual(['f', 'sub']);
    expect(out.committedSec).toBe(Number(git(repo, 'log', '-1', '--format=%ct', 'v1')));
  });

  test('no hook, filter or configuration of the machine or of the repository runs', async () => {
    const touched = join(shared, 'touched');
    const script = join(shared, 'script');
    writeFileSync(script, `#!/bin/sh\ntouch ${touched}\ncat\n`);
    chmodSync(script, 0o755);
    const home = join(shared, 'home');
    mkdirSync(home);
    writeFileSync(join(home, '.gitconfig'), `[filter "x"]\n\tsmudge = ${script}\n[core]\n\tfsmonitor = ${script}\n`);
    const hostile = join(shared, 'hostile');
    commit(hostile, { '.gitattributes': '* filter=x', '.gitconfig': 'x', f: 'f', 'hooks/post-checkout': '#!/bin/sh' });
    writeFileSync(join(hostile, '.git/hooks/post-checkout'), `#!/bin/sh\ntouch ${touched}\n`, { mode: 0o755 });
    const { checkout } = gitRig({ env: { PATH, HOME: home, XDG_CONFIG_HOME: home, GIT_DIR: '/nowhere' } });
    await checkout({ url: `file://${hostile}`, keepGitDir: true });
    expect(existsSync(touched)).toBe(false);
  });

  test('submodules cannot name a path of this machine, nor a program', async () => {
    const outer = join(shared, 'outer');
    commit(outer, { f: 'f' });
    git(outer, '-c', 'protocol.file.allow=always', 'submodule', 'add', '-q', `file://${repo}`, 'inner');
    writeFileSync(join(outer, '.gitmodules'), '[submodule "inner"]\n\tpath = inner\n\turl = ext::sh -c x\n');
    git(outer, 'commit', '-qam', 'x');
    const { checkout } = gitRig();
    await expect(checkout({ url: `file://${outer}` })).rejects.toMatchObject({
      code: 'git-failed',
      message: expect.stringContaining("transport 'ext' not allowed"),
    });
    const without = await checkout({ url: `file://${outer}`, submodules: false }, 'without');
    expect(readdirSync(join(without.dir, 'inner'))).toEqual([]);
  });

  describe('with its .git has the ref that was asked for, as BuildKit leaves it, and a detached HEAD', () => {
    const names = (dir: string) => git(dir, 'for-each-ref', '--format=%(refname) %(objecttype)').split('\n');

    test.each([
      [undefined, ['refs/heads/main commit', 'refs/tags/main commit']],
      ['main', ['refs/heads/main commit', 'refs/tags/main commit']],
      ['refs/heads/main', ['refs/heads/main commit', 'refs/tags/refs/heads/main commit']],
      ['v1', ['refs/tags/v1 tag']],
      ['refs/tags/v1', ['refs/tags/v1 tag']],
      ['light', ['refs/heads/light commit', 'refs/tags/light commit']],
      ['refs/tags/light', ['refs/tags/light commit']],
      ['tags/light', ['refs/tags/light commit', 'refs/tags/tags/light commit']],
      ['pull/1', ['refs/heads/pull/1 commit', 'refs/tags/pull/1 commit']],
      ['refs/pull/1', ['refs/pull/1 commit', 'refs/tags/refs/pull/1 commit']],
    ])('%s', async (ref, refs) => {
      const { checkout } = gitRig();
      const { dir } = await checkout(request({ ref, keepGitDir: true }));
      expect(names(dir)).toEqual(refs);
      const wanted = git(repo, 'rev-parse', `${ref ?? 'main'}^{commit}`);
      expect(readFileSync(join(dir, '.git/HEAD'), 'utf8').trim()).toBe(wanted);
      expect(git(dir, 'rev-list', '-n', '1', ref ?? 'main')).toBe(wanted);
    });

    test('a commit: none', async () => {
      const { checkout } = gitRig();
      const { dir } = await checkout(request({ ref: first, keepGitDir: true }));
      expect(names(dir)).toEqual(['']);
      expect(git(dir, 'rev-parse', 'HEAD')).toBe(first);
    });

    test('a commit that is fetched by its id: the ref, which has it', async () => {
      const { checkout } = gitRig();
      const { dir } = await checkout(request({ ref: 'main', checksum: first, fetchByCommit: true, keepGitDir: true }));
      expect(git(dir, 'rev-parse', 'refs/heads/main')).toBe(first);
    });

    test('a tag of a commit that was fetched without it', async () => {
      const { checkout } = gitRig();
      await checkout(request({ ref: first }), 'x');
      const { dir } = await checkout(request({ ref: 'v1', keepGitDir: true }), 'y');
      expect(git(dir, 'rev-parse', 'v1')).toBe(git(repo, 'rev-parse', 'v1'));
      expect(git(dir, 'describe', '--tags')).toBe('v1');
    });
  });

  test('of a repository with SHA-256 ids', async () => {
    const modern = join(shared, 'modern');
    mkdirSync(modern);
    git(modern, 'init', '-q', '--object-format=sha256');
    const id = commit(modern, { f: 'long' });
    git(modern, 'tag', '-a', 'v2', '-m', 'v2');
    expect(id).toMatch(/^[0-9a-f]{64}$/);
    const { checkout } = gitRig();
    const url = `file://${modern}`;
    expect(readFileSync(join((await checkout({ url, ref: id }, 'x')).dir, 'f'), 'utf8')).toBe('long');
    const kept = await checkout({ url, ref: 'v2', checksum: id.slice(0, 50), keepGitDir: true }, 'y');
    expect(git(kept.dir, 'rev-parse', 'HEAD')).toBe(id);
    expect(git(kept.dir, 'describe')).toBe('v2');
  });

  test('of a URL whose repository was made anew with SHA-256 ids', async () => {
    const moved = join(shared, 'moved');
    commit(moved, { f: 'old' });
    const { checkout } = gitRig();
    await checkout({ url: `file://${moved}` }, 'x');
    rmSync(moved, { recursive: true });
    mkdirSync(moved);
    git(moved, 'init', '-q', '--object-format=sha256');
    commit(moved, { f: 'new' });
    expect(readFileSync(join((await checkout({ url: `file://${moved}` }, 'y')).dir, 'f'), 'utf8')).toBe('new');
  });

  test('from a server that knows no shallow fetches: of any ref, and of submodules', async () => {
    const plain = join(shared, 'plain');
    const inner = join(plain, 'inner');
    commit(inner, { g: 'inner' });
    const outer = join(plain, 'outer');
    await using server = await serveGit(plain, (incoming, response) => {
      const path = (incoming.url ?? '').replace(/\?.*/, '').replace('.git/', '/.git/');
      const file = join(plain, path);
      if (existsSync(file)) response.end(readFileSync(file));
      else response.writeHead(404).end();
      return true;
    });
    git(inner, 'update-server-info');
    commit(outer, { '.gitmodules': `[submodule "in"]\n\tpath = in\n\turl = ${server.url}/inner.git\n` });
    git(outer, 'update-index', '--add', '--cacheinfo', `160000,${git(inner, 'rev-parse', 'HEAD')},in`);
    git(outer, 'commit', '-qm', 'in');
    git(outer, 'update-ref', 'refs/pull/1', 'HEAD');
    git(outer, 'reset', '-q', '--hard', 'HEAD~');
    git(outer, 'update-server-info');
    const { checkout } = gitRig({ protocols: 'http:file' });
    const { dir } = await checkout({ url: `${server.url}/outer.git`, ref: 'refs/pull/1' });
    expect(readFileSync(join(dir, 'in/g'), 'utf8')).toBe('inner');
  });

  test('after a git that was killed: its lock files stand in nobody’s way', async () => {
    const { dir, checkout } = gitRig();
    await checkout(request({ ref: 'v1' }));
    const stores = readdirSync(join(dir, 'git'), { withFileTypes: true }).filter((entry) => entry.isDirectory());
    expect(stores).toHaveLength(1);
    const store = stores[0]!.name;
    for (const lock of ['config', 'shallow', 'packed-refs', `refs/heads/tsbuild-${second}`])
      writeFileSync(join(dir, 'git', store, `${lock}.lock`), '');
    await checkout(request(), 'next');
    expect(readFileSync(join(dir, 'next/f'), 'utf8')).toBe('two');
  });

  test('two at a time of one repository', async () => {
    const { checkout } = gitRig();
    const both = await Promise.all([checkout(request({ ref: 'v1' }), 'x'), checkout(request(), 'y')]);
    expect(both.map(({ dir }) => readFileSync(join(dir, 'f'), 'utf8'))).toEqual(['one', 'two']);
  });
});

describe('limits', () => {
  test('time', async () => {
    const bin = mkdtempSync(join(shared, 'bin-'));
    writeFileSync(join(bin, 'git'), '#!/bin/sh\nexec sleep 100\n', { mode: 0o755 });
    const { source } = gitRig({ env: { PATH: `${bin}:${PATH ?? ''}` }, limitMs: 50 });
    const held = setInterval(() => undefined, 1000);
    onTestFinished(() => clearInterval(held));
    await expect(source.resolve(request(), { signal })).rejects.toMatchObject({
      code: 'git-failed',
      message: 'git took more than 0.05 s',
      hint: expect.any(String),
    });
  });

  test('bytes of all files, before one is written', async () => {
    const { dir, checkout } = gitRig({ maxBytes: 3 });
    await expect(checkout(request())).rejects.toMatchObject({
      code: 'git-failed',
      message: expect.stringContaining('larger than the free disk allows'),
    });
    expect(existsSync(join(dir, 'out'))).toBe(false);
  });

  test('an abort is an abort', async () => {
    const { source } = gitRig();
    const stopped = source.resolve(request(), { signal: AbortSignal.abort(new Error('stop')) });
    await expect(stopped).rejects.toThrow('stop');
  });
});

test('without git: what to install', async () => {
  const empty = mkdtempSync(join(shared, 'empty-'));
  const { source } = gitRig({ env: { PATH: empty } });
  await expect(source.resolve(request(), { signal })).rejects.toMatchObject({
    code: 'setup-missing',
    message: 'git is not installed',
    hint: expect.stringContaining('apt-get install'),
  });
});
