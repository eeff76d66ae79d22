import { describe, expect, test } from 'vitest';
import { findCommand, meantCommand } from '../../src/cli/commands.ts';
import { pruneRequest } from '../../src/cli/prune-command.ts';
import { renderError } from '../../src/cli/render-error.ts';
import {
  buildArg,
  buildContext,
  byteSize,
  duration,
  extraHosts,
  keyValue,
  label,
  nameServer,
  oneOf,
  pairs,
  positiveInteger,
  processors,
  ulimit,
} from '../../src/cli/values.ts';
import { BuildError } from '../../src/errors.ts';

describe('values', () => {
  test('times, processors and name servers', () => {
    expect(['500ms', '90s', '1.5h'].map((text) => duration('--step-timeout', text))).toEqual([500, 90_000, 5_400_000]);
    expect(['2', '0.5'].map(processors)).toEqual([2, 0.5]);
    expect(['10.0.0.2', '2001:db8::1'].map(nameServer)).toEqual(['10.0.0.2', '2001:db8::1']);
  });

  test('accepted', () => {
    expect(keyValue('--label', 'a=b=c')).toEqual(['a', 'b=c']);
    expect(buildArg('A', { A: '1' })).toEqual(['A', '1']);
    expect(buildArg('A', {})).toBeUndefined();
    expect(buildArg('A=', {})).toEqual(['A', '']);
    expect(Object.fromEntries(pairs('--secret', 'id=x,src=y', ['id', 'src']))).toEqual({ id: 'x', src: 'y' });
    expect(buildContext('docker.io/library/x:1=dir')).toEqual(['docker.io/library/x:1', 'dir']);
    expect(buildContext('x::linux/arm64=dir')).toEqual(['x::linux/arm64', 'dir']);
    expect(label('a=b=c')).toEqual(['a', 'b=c']);
    expect(label('a')).toEqual(['a', '']);
    expect(['64m', '1gb', '512', '1.5k'].map((text) => byteSize('--shm-size', text))).toEqual([
      64 * 1024 ** 2,
      1024 ** 3,
      512,
      1536,
    ]);
    expect(positiveInteger('--jobs', '4')).toBe(4);
    expect(oneOf('--network', 'none', ['none', 'host'])).toBe('none');
  });

  test.each([
    ['db:10.0.0.1', [['db', '10.0.0.1']]],
    ['db=[::1]', [['db', '::1']]],
    ['db:::1', [['db', '::1']]],
    ['db=host-gateway', [['db', 'host-gateway']]],
    [
      'a=1.1.1.1,b=1.1.1.2',
      [
        ['a', '1.1.1.1'],
        ['b', '1.1.1.2'],
      ],
    ],
    [
      '"a=1.1.1.1,[::2]"',
      [
        ['a', '1.1.1.1'],
        ['a', '::2'],
      ],
    ],
    ['', []],
  ] as const)('--add-host %s', (text, hosts) => {
    expect(extraHosts(text).map(({ host, ip }) => [host, ip])).toEqual(hosts);
  });

  test.each([
    ['db', 'db'],
    ['foo=bar', 'foo=bar'],
    ['=1.1.1.1', '=1.1.1.1'],
    ['db=', 'db='],
    ['db=fe80::1%eth0', 'db=fe80::1%eth0'],
    ['two=1.1.1.2,1.1.1.3', '1.1.1.3'],
    ['"a=1.1.1.1,host-gateway"', 'a=1.1.1.1,host-gateway'],
  ])('--add-host %s is refused', (text, host) => {
    expect(() => extraHosts(text)).toThrow(
      expect.objectContaining({ code: 'usage', message: `--add-host: invalid host ${host}` }),
    );
  });

  test.each([
    ['nofile=10:20', { name: 'nofile', soft: 10, hard: 20 }],
    ['core=0', { name: 'core', soft: 0, hard: 0 }],
    ['core=-1', { name: 'core', soft: -1, hard: -1 }],
    ['memlock=5:infinity', { name: 'memlock', soft: 5, hard: -1 }],
  ])('--ulimit %s', (text, limit) => {
    expect(ulimit(text)).toEqual(limit);
  });

  test.each(['nofile', 'foo=1', 'nofile=20:10', 'nofile=-1:10', 'nofile=1:2:3', 'nofile=x', '=1'])(
    '--ulimit %s is refused',
    (text) => {
      expect(() => ulimit(text)).toThrow(expect.objectContaining({ code: 'usage' }));
    },
  );

  test('a field in quotes holds commas, keys are in any case, the last counts', () => {
    const known = ['id', 'src'];
    expect(Object.fromEntries(pairs('--secret', 'ID=a,id=b,"src=to,ken"', known))).toEqual({ id: 'b', src: 'to,ken' });
  });

  test('a pair without a key', () => {
    const message = (option: string) => `${option}: invalid key-value pair "=X": empty key`;
    expect(() => buildArg('=X', {})).toThrow(message('--build-arg'));
    expect(() => label('=X')).toThrow(message('--label'));
  });

  test.each([
    () => keyValue('--filter', '=x'),
    () => buildContext('golang='),
    () => buildContext('golang'),
    () => buildArg('', {}),
    () => label(''),
    () => pairs('--secret', 'id=x,sorce=y', ['id', 'source']),
    () => pairs('--secret', 'id="x', ['id']),
    () => byteSize('--shm-size', 'much'),
    () => duration('--step-timeout', '10'),
    () => duration('--step-timeout', '99999h'),
    () => processors('0'),
    () => processors('1e3'),
    () => nameServer('dns.example'),
    () => positiveInteger('--jobs', '0'),
    () => oneOf('--network', 'bridge', ['none', 'host']),
  ])('refused %#', (parse) => {
    expect(parse).toThrow(expect.objectContaining({ code: 'usage', exitCode: 2 }));
  });
});

describe('which command', () => {
  test.each([
    [['-t', 'a', '.'], 'build', ['-t', 'a', '.']],
    [['build', '.'], 'build', ['.']],
    [['build', 'build'], 'build', ['build']],
    [['--root', '/x', 'doctor', '--format', 'json'], 'doctor', ['--root', '/x', '--format', 'json']],
    [['--root=/x', 'doctor'], 'doctor', ['--root=/x']],
    [['--root', 'doctor', 'du'], 'du', ['--root', 'doctor']],
    [['--root'], 'build', ['--root']],
    [['--help', 'history'], 'history', ['--help']],
    [['help', 'history'], 'history', ['--help']],
    [['help'], 'build', ['--help']],
    [['-t', 'doctor', '.'], 'build', ['-t', 'doctor', '.']],
    [['-t', 'a', 'doctor'], 'build', ['-t', 'a', 'doctor']],
    [['--root', '/x', '-t', 'a', 'doctor'], 'build', ['--root', '/x', '-t', 'a', 'doctor']],
    [['./doctor'], 'build', ['./doctor']],
    [['toString'], 'build', ['toString']],
    [['--pull', 'doctor'], 'build', ['--pull', 'doctor']],
    [['--', 'doctor'], 'build', ['--', 'doctor']],
    [['-'], 'build', ['-']],
    [[], 'build', []],
  ])('%j', (argv, name, rest) => {
    expect(findCommand(argv)).toEqual({ name, rest });
  });
});

describe('errors', () => {
  const range = { file: 'Dockerfile', startLine: 2, startColumn: 6, endLine: 2, endColumn: 11 };
  const source = () => 'FROM scratch\nCOPY dist/ /app/\n';

  test('place, excerpt, message, code and hint', () => {
    const error = new BuildError('copy-source-missing', 'COPY source "dist/" matches no file', {
      range,
      hint: '.dockerignore:4 excludes "dist/"',
    });
    expect(renderError(error, { color: false, columns: 14, source })).toContain('  2 | COPY di…\n    |      ^^^\n');
    expect(renderError(error, { color: false, source })).toBe(
      [
        'Dockerfile:2:6',
        '  2 | COPY dist/ /app/',
        '    |      ^^^^^',
        'error: COPY source "dist/" matches no file [copy-source-missing]',
        'hint: .dockerignore:4 excludes "dist/"',
        '',
      ].join('\n'),
    );
  });

  test('several, in order; control characters do not reach the terminal; a lost source leaves the place', () => {
    const other = new BuildError('unknown-flag', 'bad \u001b[2J flag', { range });
    const text = renderError(new BuildError('usage', 'first', { others: [other] }), {
      color: true,
      source: () => undefined,
    });
    expect(text).toBe(
      '\u001b[31merror\u001b[39m: first [usage]\n\nDockerfile:2:6\n\u001b[31merror\u001b[39m: bad \ufffd[2J flag [unknown-flag]\n',
    );
  });

  test('the line where its instruction begins stands above, numbers under each other', () => {
    const text = `${'\n'.repeat(8)}ENV A=1 \\\n  B\n`;
    const at = (startLine: number) => ({ ...range, startLine, endLine: startLine, startColumn: 3, endColumn: 4 });
    const error = new BuildError('syntax-error', 'no =', { range: at(10) });
    const shown = (one: BuildError): string => renderError(one, { color: false, source: () => text });
    expect(shown(error.within(at(9)))).toBe(
      [
        'Dockerfile:10:3, in the instruction that begins on line 9',
        '   9 | ENV A=1 \\',
        '  10 |   B',
        '     |   ^',
        'error: no = [syntax-error]',
        '',
      ].join('\n'),
    );
    expect(shown(error.within(at(10)))).toBe(shown(error));
    expect(shown(error.within({ ...at(9), file: 'other' }))).toBe(shown(error));
  });

  test('an error keeps its own range', () => {
    const located = new BuildError('usage', 'x', { range });
    expect(located.at({ ...range, startLine: 9 })).toBe(located);
    expect(new BuildError('usage', 'x').at(range).range).toBe(range);
    expect(new BuildError('usage', 'x').at(undefined).range).toBeUndefined();
  });
});

test.each(['id=', 'type=', 'until='])('prune --filter %s names nothing, and so is not everything', (filter) => {
  expect(() => pruneRequest({ filter: [filter] }, 0)).toThrow(BuildError);
});

test.each([
  [['histroy'], 'history'],
  [['--root', 'x', 'prnue', '-a'], 'prune'],
  [['-t', 'explian', '.'], undefined],
  [['.'], undefined],
  [[], undefined],
])('%j is meant as %s', async (argv, meant) => {
  expect(await meantCommand(argv)).toBe(meant);
});
