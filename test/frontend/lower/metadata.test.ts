import { describe, expect, test } from 'vitest';
import { config, lowerError, lowerText, ops, own, PATH } from './rig.ts';

const HEALTH = 'Timeout:0s StartPeriod:0s StartInterval:0s Retries:0}';

describe('config and history of metadata instructions', () => {
  test.each<[string, object, string[]]>([
    ['CMD ["a", "b c"]', { Cmd: ['a', 'b c'], ArgsEscaped: true }, ['e CMD ["a" "b c"]']],
    ['CMD echo  hi', { Cmd: ['/bin/sh', '-c', 'echo  hi'] }, ['e CMD ["/bin/sh" "-c" "echo  hi"]']],
    ['ENTRYPOINT ["/e"]', { Entrypoint: ['/e'] }, ['e ENTRYPOINT ["/e"]']],
    [
      'ENTRYPOINT run "x"',
      { Entrypoint: ['/bin/sh', '-c', 'run "x"'] },
      ['e ENTRYPOINT ["/bin/sh" "-c" "run \\"x\\""]'],
    ],
    [
      'SHELL ["/bin/sh", "-ec"]\nCMD x',
      { Shell: ['/bin/sh', '-ec'], Cmd: ['/bin/sh', '-ec', 'x'] },
      ['e SHELL [/bin/sh -ec]', 'e CMD ["/bin/sh" "-ec" "x"]'],
    ],
    [
      'LABEL a=b c="d e" "f g"=h l=',
      { Labels: { a: 'b', c: 'd e', 'f g': 'h', l: '' } },
      ['e LABEL a=b c=d e f g=h l='],
    ],
    ['LABEL legacy form with spaces', { Labels: { legacy: 'form with spaces' } }, ['e LABEL legacy=form with spaces']],
    ['ENV K=v\nLABEL "$K.key"="$K value"', { Labels: { 'v.key': 'v value' } }, ['e ENV K=v', 'e LABEL v.key=v value']],
    [
      'EXPOSE 80 80/tcp 443/TCP',
      { ExposedPorts: { '80/tcp': {}, '443/tcp': {} } },
      ['e EXPOSE [443/tcp 80/tcp 80/tcp]'],
    ],
    [
      'ARG P="1-2/udp 9"\nEXPOSE $P',
      { ExposedPorts: { '1/udp': {}, '2/udp': {}, '9/tcp': {} } },
      ['e ARG P=1-2/udp 9', 'e EXPOSE [1/udp 2/udp 9/tcp]'],
    ],
    [
      'VOLUME /a /b\nVOLUME ["/c d"]',
      { Volumes: { '/a': {}, '/b': {}, '/c d': {} } },
      ['e VOLUME [/a /b]', 'e VOLUME [/c d]'],
    ],
    ['USER app:data', { User: 'app:data' }, ['e USER app:data']],
    ['ENV U=x\nUSER $U', { User: 'x' }, ['e ENV U=x', 'e USER x']],
    ['STOPSIGNAL RTMIN+3', { StopSignal: 'RTMIN+3' }, ['e STOPSIGNAL RTMIN+3']],
    ['HEALTHCHECK NONE', { Healthcheck: { Test: ['NONE'] } }, [`e HEALTHCHECK {Test:[NONE] Interval:0s ${HEALTH}`]],
    [
      'HEALTHCHECK CMD curl $X',
      { Healthcheck: { Test: ['CMD-SHELL', 'curl $X'] } },
      [`e HEALTHCHECK {Test:[CMD-SHELL curl $X] Interval:0s ${HEALTH}`],
    ],
    [
      'HEALTHCHECK --interval=5s --timeout=1m30s --start-period=2s --start-interval=500ms --retries=4 CMD ["p"]',
      {
        Healthcheck: {
          Test: ['CMD', 'p'],
          Interval: 5e9,
          Timeout: 90e9,
          StartPeriod: 2e9,
          StartInterval: 5e8,
          Retries: 4,
        },
      },
      ['e HEALTHCHECK {Test:[CMD p] Interval:5s Timeout:1m30s StartPeriod:2s StartInterval:500ms Retries:4}'],
    ],
    ['ONBUILD RUN  x   $Y', { OnBuild: ['RUN  x   $Y'] }, []],
    [
      'ENV A=1 B="two words"\nENV A=2 C=$A',
      { Env: [PATH, 'A=2', 'B=two words', 'C=1'] },
      ['e ENV A=1 B=two words', 'e ENV A=2 C=1'],
    ],
    ['ENV PATH=/opt:$PATH', { Env: [`PATH=/opt:${PATH.slice(5)}`] }, [`e ENV PATH=/opt:${PATH.slice(5)}`]],
    ['WORKDIR /a/b\nWORKDIR ../c', { WorkingDir: '/a/c' }, ['L WORKDIR /a/b', 'L WORKDIR /a/c']],
    ['WORKDIR /\nWORKDIR .', { WorkingDir: '/' }, ['e WORKDIR /', 'e WORKDIR /']],
    ['WORKDIR /a/', { WorkingDir: '/a/' }, ['L WORKDIR /a/']],
    ['WORKDIR /a/../b//c/.', { WorkingDir: '/a/../b//c/.' }, ['L WORKDIR /a/../b//c/.']],
    ['WORKDIR //\nWORKDIR /.', { WorkingDir: '/.' }, ['L WORKDIR //', 'L WORKDIR /.']],
    ['WORKDIR /a/\nWORKDIR b/', { WorkingDir: '/a/b' }, ['L WORKDIR /a/', 'L WORKDIR /a/b']],
    ['WORKDIR /a/\nWORKDIR $NONE', { WorkingDir: '/a/' }, ['L WORKDIR /a/', 'L WORKDIR /a/']],
  ])('%s', async (text, expected, entries) => {
    const lowered = await lowerText(`FROM base\n${text}\n`);
    expect(config(lowered)).toMatchObject(expected);
    expect(own(lowered)).toEqual(entries);
  });

  test('MAINTAINER is the author', async () => {
    const lowered = await lowerText('FROM base\nMAINTAINER $WHO <me@example.org>\n');
    expect(lowered.definition.targets[0]!.config.author).toBe('$WHO <me@example.org>');
    expect(own(lowered)).toEqual(['e MAINTAINER $WHO <me@example.org>']);
  });
});

describe('the work directory', () => {
  test('steps have the plain path of one that is written otherwise', async () => {
    const lowered = await lowerText('FROM base\nWORKDIR /a/../b//c/.\nRUN x\nCOPY f g\n');
    expect(ops(lowered, 'mkdir')).toMatchObject([{ path: '/b/c' }]);
    expect(ops(lowered, 'run')).toMatchObject([{ cwd: '/b/c' }]);
    expect(ops(lowered, 'copy')).toMatchObject([{ dest: '/b/c/g' }]);
  });

  test.each([
    ['/a/', '/a/', '/a'],
    ['/a/../b', '/a/../b', '/b'],
    ['foo', '/foo/foo', '/foo/foo'],
    ['foo/../bar', '/bar/bar', '/bar/bar'],
  ])('%s of a base is %s, and steps start in %s', async (given, expected, cwd) => {
    const lowered = await lowerText('FROM base\nRUN x\n', { images: { base: { config: { WorkingDir: given } } } });
    expect(config(lowered).WorkingDir).toBe(expected);
    expect(ops(lowered, 'run')).toMatchObject([{ cwd }]);
  });
});

describe('CMD and ENTRYPOINT', () => {
  const images = { base: { config: { Cmd: ['parent'], Entrypoint: ['e'], Shell: ['/bin/sh', '-ec'] } } };
  test.each<[string, string[] | undefined, string[] | undefined]>([
    ['ENTRYPOINT ["/new"]', ['/new'], undefined],
    ['CMD ["c"]\nENTRYPOINT ["/new"]', ['/new'], ['c']],
    ['ENTRYPOINT ["/new"]\nCMD ["c"]', ['/new'], ['c']],
    ['CMD x', ['e'], ['/bin/sh', '-ec', 'x']],
    ['ENTRYPOINT []\nCMD []', undefined, undefined],
    ['LABEL a=b', ['e'], ['parent']],
  ])('%s', async (text, entrypoint, cmd) => {
    const { Entrypoint, Cmd } = config(await lowerText(`FROM base\n${text}\n`, { images }));
    expect([Entrypoint, Cmd]).toEqual([entrypoint, cmd]);
  });

  test('a CMD of the parent stage does not count as this stage’s', async () => {
    const { Cmd } = config(await lowerText('FROM base AS a\nCMD ["c"]\nFROM a\nENTRYPOINT ["e"]\n'));
    expect(Cmd).toBeUndefined();
  });
});

describe('what is inherited', () => {
  test('all of the config, but the triggers; history stands before ours', async () => {
    const parent = {
      User: 'app',
      Env: ['B=1'],
      WorkingDir: '/srv',
      Labels: { a: '1' },
      ExposedPorts: { '80/tcp': {} },
      Volumes: { '/v': {} },
      StopSignal: 'SIGQUIT',
      Shell: ['/bin/sh', '-ec'],
      Healthcheck: { Test: ['CMD', 'true'] },
      ArgsEscaped: true,
    };
    const images = {
      base: { config: parent, author: 'who', history: [{ created_by: 'x' }, { created_by: 'y', empty_layer: true }] },
    };
    const lowered = await lowerText('FROM base\n', { images });
    expect(config(lowered)).toEqual({ ...parent, Env: ['B=1', PATH] });
    const [target] = lowered.definition.targets;
    expect(target).toMatchObject({
      config: { author: 'who', architecture: 'amd64' },
      platform: { architecture: 'amd64' },
    });
    expect(target!.history.map((entry) => entry.kind)).toEqual(['base', 'base']);
  });

  test('FROM scratch', async () => {
    const lowered = await lowerText('FROM scratch\n');
    expect(config(lowered)).toEqual({ Env: [PATH], WorkingDir: '/' });
    expect(lowered.definition.vertices.map(({ op }) => op.kind)).toEqual(['scratch']);
  });

  test('labels of the command line come last and leave no history', async () => {
    const lowered = await lowerText('FROM base\nLABEL a=file\n', { labels: { a: 'cli', z: '1' } });
    expect(config(lowered).Labels).toEqual({ a: 'cli', z: '1' });
    expect(own(lowered)).toEqual(['e LABEL a=file']);
  });
});

test('an empty path in a JSON list', async () => {
  const error = await lowerError('FROM base\nVOLUME [""]\n');
  expect(error).toMatchObject({ code: 'instruction-invalid', range: { startLine: 2 } });
});

test.each(['EXPOSE 80 # web', 'STOPSIGNAL SIGTERM # soft'])('a comment behind %s', async (text) => {
  expect((await lowerError(`FROM base\n${text}\n`)).hint).toBe('a comment stands on a line of its own');
});

describe('errors stand at the word', () => {
  test.each<[string, string, string, number, number]>([
    ['EXPOSE 80 70000', 'instruction-invalid', 'invalid containerPort: 70000', 2, 11],
    ['EXPOSE 80/icmp', 'instruction-invalid', 'invalid proto: icmp', 2, 8],
    ['STOPSIGNAL SIGNOPE', 'instruction-invalid', 'invalid signal: SIGNOPE', 2, 12],
    ['VOLUME /a $NOPE', 'instruction-invalid', 'can not be an empty string', 2, 11],
    ['ENV A=${X:?please}', 'expansion-failed', 'please', 2, 5],
    ['LABEL a=b c=${', 'expansion-failed', '', 2, 11],
    ['WORKDIR ${X', 'expansion-failed', '', 2, 9],
  ])('%s', async (text, code, message, line, column) => {
    const error = await lowerError(`FROM base\n${text}\n`);
    expect(error.message).toContain(message);
    expect(error).toMatchObject({ code, range: { startLine: line, startColumn: column } });
  });
});
