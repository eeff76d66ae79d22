import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { authFiles, environmentNotes, registryConfig, rootDirectory, rootToRead } from '../../src/cli/environment.ts';

test('the state directory: the flag, $TSBUILD_ROOT, the place for who runs it; an empty variable is none', () => {
  expect(rootDirectory('/flag', { TSBUILD_ROOT: '/env' })).toBe('/flag');
  expect(rootDirectory(undefined, { TSBUILD_ROOT: '/env' })).toBe('/env');
  expect(rootDirectory('', { TSBUILD_ROOT: '/env' })).toBe('/env');
  vi.spyOn(process, 'getuid').mockReturnValue(1000);
  onTestFinished(() => void vi.restoreAllMocks());
  expect(rootDirectory(undefined, { XDG_DATA_HOME: '/data' })).toBe('/data/tsbuild');
  for (const env of [{}, { XDG_DATA_HOME: '', TSBUILD_ROOT: '' }])
    expect(rootDirectory(undefined, env)).toBe(join(homedir(), '.local/share/tsbuild'));
});

test('a policy of the environment is said not to be obeyed', () => {
  const name = 'EXPERIMENTAL_BUILDKIT_SOURCE_POLICY';
  expect(environmentNotes({ [name]: 'policy.json' })).toEqual([expect.stringContaining(`${name} is not obeyed`)]);
  expect(environmentNotes({ [name]: '' })).toEqual([]);
});

test.each([
  ['full', 1],
  ['1', 1],
  ['0', 0],
  ['some', 0],
])('labels of git, asked for with %s, are said not to be made: %d', (value, notes) => {
  expect(environmentNotes({ BUILDX_GIT_LABELS: value })).toHaveLength(notes);
});

test('a state directory to look into may be absent, but no file and not closed', () => {
  const dir = mkdtempSync(join(tmpdir(), 'root-'));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  const file = join(dir, 'file');
  writeFileSync(file, '');
  const at = (root: string) => rootToRead(root, { cwd: dir, env: {} });
  expect(at('.')).toBe(dir);
  expect(at('none')).toBe(join(dir, 'none'));
  for (const root of [file, join(file, 'below')])
    expect(() => at(root)).toThrow(
      expect.objectContaining({ code: 'root-unusable', message: expect.stringContaining('ENOTDIR') }),
    );
});

test('log-ins of docker and podman are found by their variables, and by the default places where those are empty', () => {
  const dir = mkdtempSync(join(tmpdir(), 'auth-'));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  writeFileSync(join(dir, 'config.json'), '{"auths":{}}');
  expect(authFiles({ HOME: '/nowhere', DOCKER_CONFIG: dir, XDG_CONFIG_HOME: '/nowhere' })).toHaveLength(1);
  const written = '{"auths":{"a.example":{"auth":"Ym9iOng="}}}';
  const files = authFiles({ DOCKER_CONFIG: dir, XDG_CONFIG_HOME: '/nowhere', DOCKER_AUTH_CONFIG: written });
  expect(files.map(({ file }) => file)).toEqual(['$DOCKER_AUTH_CONFIG', join(dir, 'config.json')]);
  const here = process.cwd();
  const empty = { DOCKER_CONFIG: '', REGISTRY_AUTH_FILE: '', XDG_CONFIG_HOME: '', XDG_RUNTIME_DIR: '' };
  process.chdir(dir);
  onTestFinished(() => process.chdir(here));
  expect(authFiles(empty)).toEqual(authFiles({}));
});

test('a config that is a directory, or is named and not there, is an error that says what to do', () => {
  const dir = mkdtempSync(join(tmpdir(), 'config-'));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  const invalid = expect.objectContaining({ code: 'config-invalid', hint: expect.stringContaining('a readable file') });
  expect(() => registryConfig({ TSBUILD_CONFIG: dir }, [])).toThrow(invalid);
  expect(() => registryConfig({ TSBUILD_CONFIG: join(dir, 'none') }, [])).toThrow(invalid);
  expect(() => authFiles({ REGISTRY_AUTH_FILE: dir, DOCKER_CONFIG: '/nowhere' })).toThrow(invalid);
});

test('mirrors of the command line come after those of the config, and are checked as those are', () => {
  const env = { TSBUILD_CONFIG: '', XDG_CONFIG_HOME: '/nowhere' };
  const texts = [
    'docker.io=http://127.0.0.1:5000',
    'docker.io=mirror.example/hub',
    'r.example:5000=https://[::1]:5000',
  ];
  expect(registryConfig(env, texts).registries).toEqual({
    'docker.io': { mirrors: ['http://127.0.0.1:5000', 'mirror.example/hub'] },
    'r.example:5000': { mirrors: ['https://[::1]:5000'] },
  });
  for (const text of [
    'docker.io',
    '=http://h',
    'docker.io=',
    'https://docker.io=http://h',
    'docker.io=http://',
    'd=ftp://h',
  ])
    expect(() => registryConfig(env, [text])).toThrow(expect.objectContaining({ code: 'usage' }));
});
