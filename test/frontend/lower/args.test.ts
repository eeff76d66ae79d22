import { describe, expect, test } from 'vitest';
import { config, fakeResolver, lowerError, lowerText, ops, own, PATH, vertexOf } from './rig.ts';

describe('ARG scopes', () => {
  test.each<[string, string, { [name: string]: string }, string[]]>([
    ['a default', 'FROM base\nARG A=1\n', {}, ['e ARG A=1']],
    ['--build-arg wins', 'FROM base\nARG A=1\n', { A: '2' }, ['e ARG A=2']],
    ['no value at all', 'FROM base\nARG A\n', {}, ['e ARG A']],
    ['an empty default', 'FROM base\nARG A=\n', {}, ['e ARG A=']],
    ['the global default', 'ARG A=g\nFROM base\nARG A\n', {}, ['e ARG A=g']],
    ['the stage’s default over the global', 'ARG A=g\nFROM base\nARG A=s\n', {}, ['e ARG A=s']],
    ['--build-arg over both', 'ARG A=g\nFROM base\nARG A=s\n', { A: 'c' }, ['e ARG A=c']],
    ['a global without value takes --build-arg', 'ARG A\nFROM base\nARG A\n', { A: 'c' }, ['e ARG A=c']],
    ['globals see earlier globals', 'ARG A=1 B=$A-2\nARG C=${B}x\nFROM base\nARG C\n', {}, ['e ARG C=1-2x']],
    [
      'a default of the stage sees ARG and ENV, also of the same line',
      'FROM base\nENV E=e\nARG A=1 B=$A$E\n',
      {},
      ['e ENV E=e', 'e ARG A=1 B=1e'],
    ],
    [
      'declared again without default: the global is back',
      'ARG A=g\nFROM base\nARG A=s\nENV A=e\nARG A\nLABEL l=$A\n',
      {},
      ['e ARG A=s', 'e ENV A=e', 'e ARG A=g', 'e LABEL l=g'],
    ],
    ['several in one line', 'FROM base\nARG A=1 B C=3\n', { B: '2' }, ['e ARG A=1 B=2 C=3']],
    ['quoting', 'FROM base\nARG A="two words" B=\'$A\' C=\\$A\n', {}, ['e ARG A=two words B=$A C=$A']],
    ['an unused --build-arg', 'FROM base\nLABEL l=${X:-unset}\n', { X: '1' }, ['e LABEL l=unset']],
  ])('%s', async (_title, text, buildArgs, entries) => {
    expect(own(await lowerText(text, { buildArgs }))).toEqual(entries);
  });

  test('globals are seen by FROM and, undeclared, by nothing else', async () => {
    const resolver = fakeResolver({ 'img-1': {} });
    const lowered = await lowerText('ARG V=1\nFROM img-${V}\nLABEL v=$V\n', { resolver });
    expect(resolver.asked).toEqual(['img-1 linux/amd64']);
    expect(config(lowered).Labels).toEqual({ v: '' });
  });

  test('FROM does not see a --build-arg that no global ARG declares', async () => {
    const resolver = fakeResolver({ 'img-d': {} });
    await lowerText('FROM img-${V:-d}\n', { resolver, buildArgs: { V: 'x' } });
    expect(resolver.asked).toEqual(['img-d linux/amd64']);
  });

  test('a default that --build-arg replaces is not expanded', async () => {
    expect(
      own(await lowerText('ARG B=${X:?no}\nFROM base\nARG A=${X:?no}\n', { buildArgs: { A: '1', B: '2' } })),
    ).toEqual(['e ARG A=1']);
    expect(await lowerError('ARG B=${X:?no}\nFROM base\n')).toMatchObject({
      code: 'expansion-failed',
      range: { startLine: 1 },
    });
  });
});

describe('ARG and RUN', () => {
  const runs = (lowered: Awaited<ReturnType<typeof lowerText>>) =>
    own(lowered).filter((entry) => entry.includes(' RUN '));

  test('the prefix counts each name once, with the value that the process sees', async () => {
    const lowered = await lowerText('FROM base\nARG B=2\nARG A=1\nRUN x\nARG C\nARG A=over\nENV B=env\nRUN ["y"]\n');
    expect(runs(lowered)).toEqual([
      'L RUN |2 B=2 A=1 /bin/sh -c x # buildkit',
      'L RUN |3 B=env A=over C= y # buildkit',
    ]);
    expect(ops(lowered, 'run').map(({ env }) => env)).toEqual([
      [PATH, 'B=2', 'A=1'],
      [PATH, 'A=over', 'B=env'],
    ]);
    expect(config(lowered).Env).toEqual([PATH, 'B=env']);
  });

  test('ENV after ARG and ARG after ENV: the last one wins', async () => {
    const lowered = await lowerText('FROM base\nENV X=env\nARG X=arg\nRUN x\nENV Y=env\nARG Y\nRUN y\n');
    expect(runs(lowered)).toEqual([
      'L RUN |1 X=arg /bin/sh -c x # buildkit',
      'L RUN |2 X=arg Y=env /bin/sh -c y # buildkit',
    ]);
  });

  test('a child stage inherits ARGs, but its image’s ENV is set again over them', async () => {
    const lowered = await lowerText('FROM base AS p\nARG I=yes\nENV S=env\nARG S=arg\nFROM p\nRUN x\n');
    expect(runs(lowered)).toEqual(['L RUN |2 I=yes S=env /bin/sh -c x # buildkit']);
    expect(ops(lowered, 'run')[0]!.env).toEqual(['I=yes', PATH, 'S=env']);
  });

  test('another stage does not', async () => {
    const lowered = await lowerText('FROM base AS p\nARG I=yes\nRUN p\nFROM base\nCOPY --from=p / /\nRUN x\n');
    expect(runs(lowered)).toEqual(['L RUN /bin/sh -c x # buildkit']);
  });

  test('to explain a miss: RUN tells all ARGs, COPY those it used', async () => {
    const lowered = await lowerText('FROM base\nARG A=1 B=2\nENV E=3\nCOPY $A$E /x\nWORKDIR /$B\nRUN x\n');
    expect(vertexOf(lowered, 'COPY 13 /x').origin.buildArgs).toEqual({ A: '1' });
    expect(vertexOf(lowered, 'WORKDIR /2').origin.buildArgs).toEqual({ B: '2' });
    expect(vertexOf(lowered, 'RUN x').origin.buildArgs).toEqual({ A: '1', B: '2' });
  });

  test('what scanners read is declared and no variable', async () => {
    const lowered = await lowerText('FROM base\nARG BUILDKIT_SBOM_SCAN_STAGE=true\nRUN x\n');
    expect(ops(lowered, 'run')[0]!.env).toEqual([PATH]);
    expect(runs(lowered)).toEqual(['L RUN |1 BUILDKIT_SBOM_SCAN_STAGE=true /bin/sh -c x # buildkit']);
  });
});

describe('automatic arguments', () => {
  test('platforms must be declared in a stage and can be given', async () => {
    const text =
      'FROM base\nLABEL no=$TARGETOS\nARG TARGETPLATFORM BUILDPLATFORM TARGETOS TARGETARCH TARGETVARIANT TARGETSTAGE\n';
    const platform = { os: 'linux', architecture: 'arm', variant: 'v7' };
    expect(own(await lowerText(text, { platform, buildArgs: { TARGETOS: 'mine' } }))).toEqual([
      'e LABEL no=',
      'e ARG TARGETPLATFORM=linux/arm/v7 BUILDPLATFORM=linux/amd64 TARGETOS=mine TARGETARCH=arm TARGETVARIANT=v7 TARGETSTAGE=default',
    ]);
  });

  test('FROM sees them without declaration', async () => {
    const resolver = fakeResolver({ 'base-amd64': {} });
    await lowerText('FROM base-$TARGETARCH\n', { resolver });
    expect(resolver.asked).toHaveLength(1);
  });

  test.each<[string, string | undefined, string]>([
    ['FROM base AS Final\nARG TARGETSTAGE\n', undefined, 'final'],
    ['FROM base AS final\nARG TARGETSTAGE\n', 'Final', 'Final'],
    ['FROM base\nARG TARGETSTAGE\n', undefined, 'default'],
  ])('TARGETSTAGE of %j --target %s', async (text, target, stage) => {
    expect(own(await lowerText(text, { target }))).toEqual([`e ARG TARGETSTAGE=${stage}`]);
  });

  test('proxies are passed on in both cases, unseen by ops and history', async () => {
    const lowered = await lowerText('FROM base\nRUN x\n', {
      buildArgs: { no_proxy: 'n', HTTP_PROXY: 'p', OTHER: 'o', FTP_PROXY: '' },
    });
    expect(lowered.proxyEnv).toEqual(['HTTP_PROXY=p', 'http_proxy=p', 'NO_PROXY=n', 'no_proxy=n']);
    expect(ops(lowered, 'run')[0]!.env).toEqual([PATH]);
    expect(own(lowered)).toEqual(['L RUN /bin/sh -c x # buildkit']);
  });

  test('a declared proxy argument is an ordinary one', async () => {
    const lowered = await lowerText('FROM base\nARG HTTP_PROXY\nRUN x\n', { buildArgs: { HTTP_PROXY: 'p' } });
    expect(ops(lowered, 'run')[0]!.env).toEqual([PATH, 'HTTP_PROXY=p']);
  });
});

describe('SOURCE_DATE_EPOCH', () => {
  test.each<[string, { [name: string]: string }]>([
    ['FROM base\nARG SOURCE_DATE_EPOCH\nWORKDIR /w\nCOPY a /\nRUN x\n', { SOURCE_DATE_EPOCH: '015' }],
    ['ARG SOURCE_DATE_EPOCH=15\nFROM base\nARG SOURCE_DATE_EPOCH\nWORKDIR /w\nCOPY a /\nRUN x\n', {}],
  ])('%j dates the ops and the target', async (text, buildArgs) => {
    const lowered = await lowerText(text, { buildArgs });
    expect(lowered.definition.targets[0]!.epoch).toBe(15);
    const dated = [...ops(lowered, 'mkdir'), ...ops(lowered, 'copy'), ...ops(lowered, 'run')];
    expect(dated.map(({ epoch }) => epoch)).toEqual([15, 15, 15]);
    expect(own(lowered)[0]).toBe('e ARG SOURCE_DATE_EPOCH=15');
  });

  test.each(['context', 'dir', ''])('%j has no date', async (value) => {
    const lowered = await lowerText('FROM base\nARG SOURCE_DATE_EPOCH\n', {
      buildArgs: { SOURCE_DATE_EPOCH: value },
      contexts: { dir: '/d' },
    });
    expect(lowered.definition.targets[0]!.epoch).toBeUndefined();
  });

  const STAGE = [
    'ARG V=2',
    'ARG SOURCE_DATE_EPOCH=Src',
    'FROM scratch AS src',
    'ARG V',
    'ARG HOST=h$V',
    'ADD https://$HOST/$V.tar /',
    'FROM base',
    'ARG SOURCE_DATE_EPOCH',
    'RUN x',
  ];

  test('what it names is asked for its date: a context, the one thing that a stage fetches', async () => {
    const asked: unknown[] = [];
    const dateOf = (source: unknown): Promise<number> => {
      asked.push(source);
      return Promise.resolve(9);
    };
    const epochOf = async (text: string, given: object): Promise<number | undefined> =>
      (await lowerText(text, { dateOf, ...given })).definition.targets[0]!.epoch;
    expect(await epochOf('FROM base\n', { buildArgs: { SOURCE_DATE_EPOCH: 'context' } })).toBe(9);
    expect(await epochOf('FROM base\n', { buildArgs: { SOURCE_DATE_EPOCH: 'Dir' }, contexts: { dir: '/d' } })).toBe(9);
    const lowered = await lowerText(STAGE.join('\n'), { dateOf });
    expect(ops(lowered, 'run')[0]!.env).toContain('SOURCE_DATE_EPOCH=9');
    const git = 'FROM scratch AS src\nADD https://h/r.git#v1 /\nFROM base\n';
    expect(await epochOf(git, { buildArgs: { SOURCE_DATE_EPOCH: 'src' } })).toBe(9);
    expect(asked).toEqual([
      { kind: 'context', name: '' },
      { kind: 'context', name: 'dir' },
      { kind: 'http', url: 'https://h2/2.tar', checksum: undefined },
      { kind: 'git', url: 'https://h/r.git', ref: 'v1', checksum: undefined, keepGitDir: false, mtime: 'commit' },
    ]);
  });

  test.each([
    ['FROM base AS s\nADD https://h/a /\n', 1, /FROM scratch/],
    ['FROM scratch AS s\nADD https://h/a /\nADD https://h/b /\n', 3, /exactly one ADD/],
    ['FROM scratch AS s\nARG X\n', 1, /exactly one ADD/],
    ['FROM scratch AS s\nADD https://h/a https://h/b /\n', 2, /one http, https or git URL/],
    ['FROM scratch AS s\nADD a /\n', 2, /one http, https or git URL/],
    ['FROM scratch AS s\nADD https://h/a /\nENV A=1\n', 3, /cannot have ENV/],
  ])('a stage that does more has no date: %j', async (text, line, message) => {
    const error = await lowerError(`${text}FROM base\n`, { buildArgs: { SOURCE_DATE_EPOCH: 's' } });
    expect(error).toMatchObject({ code: 'flag-invalid', message: expect.stringMatching(message) });
    expect(error.range?.startLine).toBe(line);
  });

  test.each([
    ['FROM base\nARG SOURCE_DATE_EPOCH=5\nRUN x\n', '5'],
    ['ARG SOURCE_DATE_EPOCH=4\nFROM base\nARG SOURCE_DATE_EPOCH=5\nRUN x\n', '5'],
    ['ARG SOURCE_DATE_EPOCH=4\nFROM base\nARG SOURCE_DATE_EPOCH\nRUN x\n', undefined],
  ])('an empty one on the command line leaves %j its own', async (text, value) => {
    const lowered = await lowerText(text, { buildArgs: { SOURCE_DATE_EPOCH: '' } });
    const expected = value === undefined ? [PATH] : [PATH, `SOURCE_DATE_EPOCH=${value}`];
    expect([ops(lowered, 'run')[0]!.env, lowered.definition.targets[0]!.epoch]).toEqual([expected, undefined]);
  });

  test.each([-5, -62_167_219_200, 253_402_300_799])('%i is a time', async (epoch) => {
    const lowered = await lowerText('FROM base\n', { buildArgs: { SOURCE_DATE_EPOCH: String(epoch) } });
    expect(lowered.definition.targets[0]!.epoch).toBe(epoch);
  });

  test.each(['-62167219201', '253402300800', '9223372036854775807'])('%s is in no year', async (value) => {
    const error = await lowerError('FROM base\n', { buildArgs: { SOURCE_DATE_EPOCH: value } });
    expect(error).toMatchObject({ code: 'flag-invalid', message: expect.stringContaining('the years 0 to 9999') });
  });

  test.each(['soon', '253402300800', '9223372036854775808'])('%s of an ARG is refused at that', async (value) => {
    const error = await lowerError(`ARG A\nARG SOURCE_DATE_EPOCH=${value}\nFROM base\n`);
    expect([error.code, error.range?.startLine]).toEqual(['flag-invalid', 2]);
  });

  test('anything else is refused', async () => {
    expect(await lowerError('FROM base\n', { buildArgs: { SOURCE_DATE_EPOCH: 'soon' } })).toMatchObject({
      code: 'flag-invalid',
      message: 'invalid SOURCE_DATE_EPOCH: soon',
    });
  });
});
