import { describe, expect, test } from 'vitest';
import { IGNORED_FLAGS } from '../../src/cli/build-flags/ignored.ts';
import { buildOptions } from '../../src/cli/build-flags/options.ts';
import { assertPlaces } from '../../src/cli/build-flags/outputs.ts';
import { parseBuildFlags } from '../../src/cli/build-flags/parse.ts';
import { PLANNED_FLAGS } from '../../src/cli/build-flags/planned.ts';
import { progressMode } from '../../src/cli/renderer.ts';
import { parseOutput } from '../../src/exporter/index.ts';
import { hostPlatform } from '../../src/image/oci/index.ts';

function options(argv: readonly string[], env: Record<string, string> = {}) {
  const flags = parseBuildFlags(argv);
  return buildOptions(flags, {
    env: { PATH: '/bin', HOME: '/nonexistent', ...env },
    cwd: '/work',
    signal: new AbortController().signal,
  });
}

describe('understood', () => {
  test('a context may be called anything', () => {
    expect(options(['constructor']).context).toBe('constructor');
  });

  test('the contract of the command line', () => {
    const built = options(
      [
        '-t',
        'a:1',
        '-t',
        'b',
        '--build-arg',
        'X=1',
        '--build-arg',
        'FROM_ENV',
        '--label',
        'l=v',
        '--annotation',
        'manifest-descriptor:k=v',
        '--reproducible',
        '--no-cache-filter',
        'one,two',
        '--no-cache-filter',
        'three',
        '--pull',
        '-o',
        'type=oci,dest=x.tar',
        '--jobs',
        '3',
        '--allow',
        'network.host',
        '--root',
        'state',
        'ctx',
      ],
      { FROM_ENV: 'yes', SOURCE_DATE_EPOCH: '7' },
    );
    expect(built).toMatchObject({
      tags: ['a:1', 'b'],
      noCacheFilter: ['one', 'two', 'three'],
      noCache: false,
      pull: 'always',
      jobs: 3,
      rootDir: '/work/state',
      context: 'ctx',
    });
    expect(Object.fromEntries(built.buildArgs)).toEqual({ SOURCE_DATE_EPOCH: '7', X: '1', FROM_ENV: 'yes' });
    expect(built.outputs?.[0]).toMatchObject({ type: 'oci', dest: 'x.tar' });
    expect(built).toMatchObject({ annotations: { manifest: {}, descriptor: { k: 'v' } }, isReproducible: true });
  });

  test('--pull takes a value only with =', () => {
    expect(options(['--pull', '.'])).toMatchObject({ pull: 'always', context: '.' });
    expect(options(['--pull=never', '.']).pull).toBe('never');
    expect(options(['.']).pull).toBe('auto');
  });

  test.each([
    ['--pull=false', { pull: 'auto' }],
    ['--pull=1', { pull: 'always' }],
    ['--no-cache=false', { noCache: false }],
    ['--no-cache=true', { noCache: true }],
    ['--quiet=false', { wantsID: false }],
    ['--progress=quiet', { wantsID: true }],
    ['--progress=none', { wantsID: false }],
    ['-q=T', { wantsID: true }],
    ['--load=0', { outputs: undefined }],
    ['--push=false', { outputs: undefined }],
    ['--reproducible=1', { isReproducible: true }],
    ['--memory=1k', { runLimits: { memoryBytes: 1024 } }],
    ['-m=1k', { runLimits: { memoryBytes: 1024 } }],
  ])('%s', (flag, built) => {
    expect(options([flag, '.'])).toMatchObject(built);
  });

  test.each([['-q'], ['--progress=quiet']])('%s: no id behind an archive on stdout', (flag) => {
    expect(options([flag, '-o', 'type=oci,dest=-', '.']).wantsID).toBe(false);
    expect(options([flag, '-o', 'type=oci,dest=a.tar', '.']).wantsID).toBe(true);
  });

  test('of a switch the last counts; it is nothing but true or false', () => {
    expect(options(['--no-cache', '--no-cache=false', '.']).noCache).toBe(false);
    expect(options(['--no-cache=false', '--no-cache', '.']).noCache).toBe(true);
    expect(() => options(['--push=maybe', '.'])).toThrow(expect.objectContaining({ code: 'usage' }));
  });

  test.each(IGNORED_FLAGS.map(({ flags }) => [flags] as const))('%s has no effect, which is said', (flags) => {
    const [, name = '', value] = /(--[a-z-]+)( <.*)?$/.exec(flags) ?? [];
    const parsed = parseBuildFlags([value === undefined ? name : `${name}=1`, '.']);
    expect(parsed).toMatchObject({ notes: [expect.stringContaining(`${name} has no effect: `)] });
  });

  test.each([
    [['--resource', 'memory=2g', '--resource', 'cpu-quota=50000'], { memoryBytes: 2 * 1024 ** 3, cpus: 0.5 }],
    [['--resource=cpu-quota=50000', '--resource=cpu-period=25000'], { memoryBytes: undefined, cpus: 2 }],
    [['--resource=memory=2g', '--memory=1g', '--cpus=3'], { memoryBytes: 1024 ** 3, cpus: 3 }],
    [['--resource=cpuset-cpus=0,1'], { memoryBytes: undefined, cpus: undefined }],
  ])('%j limits RUNs', (argv, limits) => {
    expect(options([...argv, '.']).runLimits).toMatchObject(limits);
  });

  test('what --resource cannot limit is said to have no effect', () => {
    const parsed = parseBuildFlags(['--resource=memory-swap=2g', '--resource=memory=1g', '.']);
    expect(parsed).toMatchObject({ notes: [expect.stringContaining('--resource memory-swap has no effect')] });
  });

  test('--fail-on-miss takes a value only with =, and alone means every step', () => {
    expect(options(['--fail-on-miss', '.'])).toMatchObject({ failOnMiss: true, context: '.' });
    expect(options(['--fail-on-miss=build', '--fail-on-miss=s4', '.']).failOnMiss).toEqual(['build', 's4']);
    expect(options(['--fail-on-miss=build', '--fail-on-miss', '.']).failOnMiss).toBe(true);
    expect(options(['.']).failOnMiss).toBeUndefined();
    expect(() => options(['--fail-on-miss', '--no-cache', '.'])).toThrow('exclude each other');
  });

  test('--target "" is the last stage, as without it', () => {
    expect(options(['--target', '', '.']).target).toBeUndefined();
    expect(options(['--target', 'a', '.']).target).toBe('a');
  });

  test.each([
    [['--platform', 'local', '.'], {}],
    [['--platform', 'linux', '.'], {}],
    [['--platform', 'local,linux', '--platform=local', '.'], {}],
    [['.'], { DOCKER_DEFAULT_PLATFORM: 'local' }],
  ])('%j with %j is the platform of this machine', (argv, env) => {
    expect(options(argv, env).platform).toEqual(hostPlatform(process.arch));
  });

  test.each([{}, { DOCKER_DEFAULT_PLATFORM: '' }])('no platform is asked for with %j', (env) => {
    expect(options(['.'], env).platform).toBeUndefined();
  });

  test.each(['', 'linux/amd64,', ',local'])('--platform=%s names nothing at one place', (text) => {
    expect(() => options([`--platform=${text}`, '.'])).toThrow('"" is not a platform');
  });

  test('secrets: a variable, a file', () => {
    const built = options(['--secret', 'id=TOKEN', '--secret', 'id=f,src=/etc/passwd', '.'], { TOKEN: 's3cret' });
    expect(built.secrets.get('TOKEN')).toEqual({ kind: 'env', value: 's3cret' });
    expect(built.secrets.get('f')).toEqual({ kind: 'file', path: '/etc/passwd' });
  });

  test.each([
    ['id=t,env=UNSET', ['t', { kind: 'env', value: '' }]],
    ['id=t,type=env,src=TOKEN', ['t', { kind: 'env', value: 's3cret' }]],
    ['ID=t,env=TOKEN', ['t', { kind: 'env', value: 's3cret' }]],
    ['id=TOKEN,type=env', ['TOKEN', { kind: 'env', value: 's3cret' }]],
    ['id=t,type=file,"src=/etc/passwd"', ['t', { kind: 'file', path: '/etc/passwd' }]],
  ])('--secret %s', (text, secret) => {
    expect([...options(['--secret', text, '.'], { TOKEN: 's3cret' }).secrets]).toEqual([secret]);
  });

  test('a secret of another type is refused', () => {
    expect(() => options(['--secret', 'id=t,type=foo', '.'])).toThrow('unsupported secret type "foo"');
  });

  test('a size of 0 is the default', () => {
    expect(options(['--shm-size=0', '.']).shmSizeBytes).toBeUndefined();
    expect(options(['--shm-size=1m', '.']).shmSizeBytes).toBe(1024 ** 2);
  });

  test('limits: the last of a name, in the order of names', () => {
    const { ulimits } = options(['--ulimit=nproc=1', '--ulimit=core=2', '--ulimit=nproc=3', '.']);
    expect(ulimits.map(({ name, soft }) => [name, soft])).toEqual([
      ['core', 2],
      ['nproc', 3],
    ]);
  });

  test('agents: the paths that are named, else that of the environment', () => {
    const ssh = (texts: readonly string[], env: Record<string, string> = { SSH_AUTH_SOCK: '/run/agent' }) =>
      [...options([...texts.flatMap((text) => ['--ssh', text]), '.'], env).ssh].map(([id, paths]) => [id, ...paths]);
    expect(ssh(['default', 'other=/a'])).toEqual([
      ['default', '/run/agent'],
      ['other', '/a'],
    ]);
    expect(ssh(['keys=/a,b=c,raw=true'])).toEqual([['keys', '/a', '/work/b=c', '/work/raw=true']]);
    expect(ssh(['='])).toEqual([['default', '/run/agent']]);
    expect(ssh(['default'], { SSH_AUTH_SOCK: '/with,comma' })).toEqual([['default', '/with,comma']]);
    expect(() => ssh(['default', 'default'])).toThrow('invalid duplicate ID default');
    expect(() => ssh(['default=/a,'])).toThrow('--ssh default: names an empty path: /a,');
    expect(() => ssh(['default'], {})).toThrow('--ssh default: there is no agent');
  });

  test.each([
    ['git@host.test:a.git', true],
    ['ssh://host.test/a', true],
    ['https://host.test/a.git', false],
    ['git://host.test/a', false],
    ['.', false],
  ])('the context %s is asked with an agent: %s', (context, isAsked) => {
    const { ssh } = options([context], { SSH_AUTH_SOCK: '/run/agent' });
    expect([...ssh]).toEqual(isAsked ? [['default', ['/run/agent']]] : []);
    expect([...options(['--ssh', 'other=/a', context], {}).ssh.keys()]).toEqual(['other']);
  });

  test('an output that is nothing is none; without dest a tarball goes to stdout, which is no terminal', () => {
    expect(options(['-o', '', '.']).outputs).toBeUndefined();
    const outputs = [parseOutput('type=tar')];
    expect(() => assertPlaces(outputs, { cwd: '/', isTerminal: () => false })).not.toThrow();
    expect(() => assertPlaces(outputs, { cwd: '/', isTerminal: () => true })).toThrow(
      expect.objectContaining({ code: 'usage' }),
    );
  });

  test('flags with an empty value ask for nothing', () => {
    const names = 'file iidfile metadata-file network progress allow build-context cache-from cache-to provenance sbom';
    const flags = names.split(' ').map((name) => `--${name}=`);
    expect(parseBuildFlags([...flags, '.'])).toEqual(parseBuildFlags(['.']));
    expect([...options(['--allow=', '--allow', 'network.host', '.']).allow]).toEqual(['network.host']);
  });

  test('no attestations are what images have', () => {
    expect(options(['--provenance=false', '--sbom', 'false', '.']).context).toBe('.');
  });

  test('the state directory: flag, variable, default', () => {
    expect(options(['.'], { TSBUILD_ROOT: '/r' }).rootDir).toBe('/r');
    expect(options(['--root', '/f', '.'], { TSBUILD_ROOT: '/r' }).rootDir).toBe('/f');
  });
});

describe('how progress is shown', () => {
  test.each([
    [{}, {}, 'auto'],
    [{}, { BUILDKIT_PROGRESS: '' }, 'auto'],
    [{}, { BUILDKIT_PROGRESS: 'plain' }, 'plain'],
    [{ progress: 'rawjson' }, { BUILDKIT_PROGRESS: 'plain' }, 'rawjson'],
    [{ progress: 'none' }, {}, 'none'],
    [{ progress: 'auto' }, { BUILDKIT_PROGRESS: 'plain' }, 'plain'],
    [{ quiet: true }, { BUILDKIT_PROGRESS: 'plain' }, 'quiet'],
    [{ quiet: true, progress: 'auto' }, {}, 'quiet'],
    [{}, { BUILDKIT_PROGRESS: 'none' }, 'none'],
  ])('%j %j', (flags, env, mode) => {
    expect(progressMode(flags, { env })).toBe(mode);
  });

  test('another word is refused by the name of who said it', () => {
    const refused = (message: string): unknown =>
      expect.objectContaining({ code: 'usage', message: expect.stringContaining(message) });
    expect(() => progressMode({ quiet: true, progress: 'plain' }, { env: {} })).toThrow(
      refused('progress=plain and quiet cannot be used together'),
    );
    expect(() => progressMode({ progress: 'loud' }, { env: {} })).toThrow(refused('--progress "loud"'));
    expect(() => progressMode({}, { env: { BUILDKIT_PROGRESS: 'loud' } })).toThrow(refused('BUILDKIT_PROGRESS "loud"'));
  });
});

describe('refused, with exit 2', () => {
  test.each([
    [['--nope', '.'], 'usage'],
    [[], 'usage'],
    [[''], 'usage'],
    [['a', 'b'], 'usage'],
    [['--no-cache', '--no-cache-filter', 'x', '.'], 'usage'],
    [['-f', '-', '-'], 'usage'],
    [['-o', 'type=oci,dest=a', '-o', 'type=tar,dest=a', '.'], 'usage'],
    [['-o', 'type=oci,dest=a', '-o', 'type=tar,dest=/work/./a', '.'], 'usage'],
    [['-o', 'dir', '-o', 'type=local,dest=./dir/', '.'], 'usage'],
    [['-o', '-', '-o', 'type=oci,dest=-', '.'], 'usage'],
    [['--annotation', 'index:a=b', '.'], 'usage'],
    [['--jobs', 'many', '.'], 'usage'],
    [['--network', 'bridge', '.'], 'usage'],
    [['--allow', 'everything', '.'], 'usage'],
    [['--report', 'x.html', '.'], 'usage'],
    [['--platform', 'linux/amd64,linux/arm64', '.'], 'not-supported-yet'],
    [['--platform', 'linux/amd64', '--platform', 'linux/arm64', '.'], 'not-supported-yet'],
    [['--resource', 'memory', '.'], 'usage'],
    [['--resource', 'disk=1g', '.'], 'usage'],
    [['--resource', 'cpu-quota=-1', '.'], 'usage'],
    [['--registry-mirror', 'docker.io', '.'], 'usage'],
    [['--registry-mirror', 'docker.io=', '.'], 'usage'],
    [['--registry-mirror', 'docker.io=ftp://m.example', '.'], 'usage'],
  ])('%j', (argv, code) => {
    expect(() => options(argv)).toThrow(expect.objectContaining({ code, exitCode: 2 }));
  });

  test.each(PLANNED_FLAGS.map((flag) => [flag.flags] as const))('%s is not accepted and ignored', (flags) => {
    const [name = '', value] = flags.split(' ');
    const argv = value === undefined || value.startsWith('[') ? [name, '.'] : [name, 'x', '.'];
    expect(() => options(argv)).toThrow(expect.objectContaining({ code: 'not-supported-yet' }));
  });

  test.each([
    ['--provenance=false', '--sbom=false'],
    ['--provenance=disabled=true', '--sbom', 'disabled=true'],
    ['--attest', 'type=provenance,"disabled=true"', '--attest=type=sbom,disabled=1'],
  ])('%s %s asks for no attestation, as there is none', (...flags) => {
    expect(() => options([...flags, '.'])).not.toThrow();
  });

  test.each([
    [['--pull', 'never', '.'], 'the value of --pull stands behind =, e.g. --pull=never'],
    [
      ['--fail-on-miss', 'deps', '-t', 'a', '.'],
      'the value of --fail-on-miss stands behind =, e.g. --fail-on-miss=deps',
    ],
    [['--pull', '-t', 'a', 'my', 'dir'], 'a command, such as build, comes first; values that have spaces need quotes'],
    [['--secret', 'npmrc', '.'], 'it takes KEY=VALUE,KEY=VALUE; the keys are id, src, source, env, type'],
    [['--allow', 'all', '.'], 'it takes network.host, security.insecure, device, device=NAME'],
  ])('%j: %s', (argv, hint) => {
    expect(() => options(argv)).toThrow(expect.objectContaining({ code: 'usage', hint }));
  });

  test('a cache has no off', () => {
    expect(() => options(['--cache-from', 'false', '.'])).toThrow(
      expect.objectContaining({ code: 'not-supported-yet' }),
    );
  });

  test('one --attest of several that asks for something is refused', () => {
    const flags = ['--attest', 'type=provenance,disabled=true', '--attest', 'type=sbom,disabled=false'];
    expect(() => options([...flags, '.'])).toThrow(expect.objectContaining({ code: 'not-supported-yet' }));
  });

  test('a flag that is nearly one is told as a hint', () => {
    expect(() => options(['--no-cach', '.'])).toThrow(
      expect.objectContaining({ message: "unknown option '--no-cach'", hint: 'did you mean --no-cache?' }),
    );
    expect(() => options(['--zzzzzzzz', '.'])).toThrow(expect.objectContaining({ hint: 'see tsbuild --help' }));
  });

  test('a secret file that is not there is an error of the build', () => {
    expect(() => options(['--secret', 'id=x,src=/nope', '.'])).toThrow(
      expect.objectContaining({ code: 'secret-missing', exitCode: 1 }),
    );
  });
});
