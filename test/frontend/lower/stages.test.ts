import { describe, expect, test } from 'vitest';
import { config, descriptions, fakeResolver, history, lowerError, lowerText, ops, stepNames, vertexOf } from './rig.ts';

describe('stages', () => {
  test('only what the target needs is lowered and asked for', async () => {
    const resolver = fakeResolver({ base: {}, other: {} });
    const lowered = await lowerText(
      'FROM missing AS broken\nRUN false\nFROM broken\nCOPY x /\nFROM other AS dep\nRUN dep\nFROM base\nCOPY --from=dep /a /b\n',
      { resolver },
    );
    expect(stepNames(lowered)).toEqual([
      '[dep 1/2] FROM other',
      '[dep 2/2] RUN dep',
      '[stage-3 1/2] FROM base',
      '[stage-3 2/2] COPY --from=dep /a /b',
    ]);
    expect(resolver.asked).toEqual(['other linux/amd64', 'base linux/amd64']);
    expect(lowered.stages.map((stage) => [stage.name, stage.base, stage.isReached, stage.isTarget])).toEqual([
      ['broken', 'missing', false, false],
      [undefined, 'broken', false, false],
      ['dep', 'other', true, false],
      [undefined, 'base', true, true],
    ]);
  });

  test('an image that two stages name is asked for once, and both ask at the same time', async () => {
    const asked: string[] = [];
    const inner = fakeResolver({ a: {}, b: {} });
    let release = (): void => undefined;
    const both = new Promise<void>((resolve) => (release = resolve));
    const resolver = {
      async resolve(name: string, options: Parameters<typeof inner.resolve>[1]) {
        asked.push(name);
        if (asked.length === 2) release();
        await both;
        return inner.resolve(name, options);
      },
    };
    await lowerText('FROM a AS one\nRUN x\nFROM a AS two\nFROM b\nCOPY --from=one / /\nCOPY --from=two / /\n', {
      resolver,
    });
    expect(asked).toEqual(['a', 'b']);
  });

  test.each([
    [
      'by name, any case',
      'FROM base AS First\nRUN f\nFROM base\nRUN g\n',
      'FIRST',
      ['[first 1/2] FROM base', '[first 2/2] RUN f'],
    ],
    [
      'the last one by default',
      'FROM base AS a\nRUN f\nFROM base\nRUN g\n',
      undefined,
      ['[stage-1 1/2] FROM base', '[stage-1 2/2] RUN g'],
    ],
    [
      'the last of a name',
      'FROM base AS a\nRUN f\nFROM base AS a\nRUN g\n',
      'a',
      ['[a 1/2] FROM base', '[a 2/2] RUN g'],
    ],
  ])('the target: %s', async (_title, text, target, steps) => {
    expect(stepNames(await lowerText(text, { target }))).toEqual(steps);
  });

  test('FROM a stage goes on where that stage ended', async () => {
    const lowered = await lowerText('FROM base AS a\nENV A=1\nRUN x\nFROM a AS b\nLABEL l=1\nFROM b\nRUN y\n');
    expect(history(lowered)).toEqual([
      'b base base',
      'e ENV A=1',
      'L RUN /bin/sh -c x # buildkit',
      'e LABEL l=1',
      'L RUN /bin/sh -c y # buildkit',
    ]);
    expect(stepNames(lowered)).toEqual(['[a 1/2] FROM base', '[a 2/2] RUN x', '[stage-2 1/1] RUN y']);
  });

  test('FROM between two stages of one name means the first, --from the last', async () => {
    const lowered = await lowerText(
      'FROM base AS x\nENV N=1\nFROM x AS y\nFROM base AS x\nENV N=2\nFROM y\nCOPY --from=x /a /a\n',
    );
    expect(config(lowered).Env).toContain('N=1');
    expect(stepNames(lowered)).toHaveLength(3);
  });

  test('COPY --from takes an index, a name in any case and an image', async () => {
    const lowered = await lowerText(
      'FROM base\nRUN zero\nFROM base AS one\nRUN one\nFROM scratch\nCOPY --from=0 /a /\nCOPY --from=ONE /b /\nCOPY --from=img /c /\nCOPY --from=img /d /\n',
      {
        images: { base: {}, img: {} },
      },
    );
    const sources = lowered.definition.vertices
      .filter(({ op }) => op.kind === 'copy')
      .map(({ inputs }) => inputs[1]!.origin.name);
    expect(sources).toEqual(['[stage-0 2/2] RUN zero', '[one 2/2] RUN one', 'FROM img', 'FROM img']);
    expect(lowered.definition.vertices.filter(({ origin }) => origin.name === 'FROM img')).toHaveLength(1);
  });

  test('a COPY from scratch and from the stage below share what they name', async () => {
    const lowered = await lowerText('FROM base AS a\nFROM a\nCOPY --from=a /x /y\nCOPY --from=scratch / /\n');
    expect(vertexOf(lowered, 'COPY --from=a /x /y').inputs).toHaveLength(1);
    expect(vertexOf(lowered, 'COPY --from=scratch / /').inputs[1]!.op.kind).toBe('scratch');
  });
});

describe('step names', () => {
  test('one stage needs no name; numbers are padded; metadata makes no step', async () => {
    const runs = Array.from({ length: 9 }, (_, index) => `RUN ${index}`).join('\nLABEL a=b\n');
    const names = stepNames(await lowerText(`FROM base AS only\n${runs}\n`));
    expect([names[0], names[1], names[9]]).toEqual(['[ 1/10] FROM base', '[ 2/10] RUN 0', '[10/10] RUN 8']);
  });

  test('FROM scratch and FROM a stage are no steps', async () => {
    expect(stepNames(await lowerText('FROM scratch\nCOPY a /\n'))).toEqual(['[1/1] COPY a /']);
  });

  test('variables are filled in, the keyword is in capitals', async () => {
    const names = stepNames(
      await lowerText(
        'FROM base\nENV A=x B="y z"\ncopy "$A" ${B}/ /to/$A\nRUN echo $A ${A} \\$A \'$A\' $UNSET ${A:-x}\nworkdir /w/$A\n',
      ),
    );
    expect(names.slice(1)).toEqual([
      '[2/4] COPY x y z/ /to/x',
      "[3/4] RUN echo x x \\$A '$A' $UNSET ${A:-x}",
      '[4/4] WORKDIR /w/x',
    ]);
  });

  test('origin tells stage, position, kind and range', async () => {
    const { origin } = vertexOf(await lowerText('FROM base AS b\nRUN x\nFROM b\n'), 'RUN x');
    expect(origin).toMatchObject({ stage: 'b', index: 2, kind: 'RUN', isStep: true, range: { startLine: 2 } });
  });
});

describe('platforms', () => {
  test('FROM --platform, expanded', async () => {
    const resolver = fakeResolver();
    await lowerText('ARG P=arm64\nFROM --platform=linux/$P base\n', { resolver });
    expect(resolver.asked).toEqual(['base linux/arm64']);
  });

  test('--platform is the config’s platform, with the base’s variant only if it is the same', async () => {
    const arm = { os: 'linux', architecture: 'arm', variant: 'v7' };
    const lowered = await lowerText('FROM base\n', { platform: arm, images: { base: { architecture: 'amd64' } } });
    expect(lowered.definition.targets[0]).toMatchObject({
      platform: arm,
      config: { architecture: 'arm', variant: 'v7' },
    });
  });

  test('without --platform it follows the base', async () => {
    const lowered = await lowerText('FROM base\n', { images: { base: { architecture: 'arm64' } } });
    expect(lowered.definition.targets[0]!.platform.architecture).toBe('arm64');
  });
});

describe('errors', () => {
  test.each<[string, string, string, string, number | undefined]>([
    ['no stage', 'ARG A=1\n', 'dockerfile-empty', 'contains no stages', 1],
    ['RUN first', 'RUN x\nFROM base\n', 'stage-invalid', 'no build stage in current context', 1],
    ['blank base', 'ARG BASE\nFROM ${BASE}\n', 'stage-invalid', 'base name (${BASE}) should not be blank', 2],
    ['blank base in a stage nobody needs', 'FROM $NOPE AS x\nFROM base\n', 'stage-invalid', 'should not be blank', 1],
    [
      'blank platform',
      'FROM --platform=$NOPE base\n',
      'platform-invalid',
      'empty platform value from expression $NOPE',
      1,
    ],
    ['local, which only the command line has', 'FROM --platform=local base\n', 'platform-invalid', '"local"', 1],
    ['bad platform', 'FROM --platform=a/b/c/d base\n', 'platform-invalid', '', 1],
    ['upper-case base', 'FROM base AS debian\nFROM Debian\n', 'reference-invalid', 'must be lowercase', 2],
    [
      'upper-case base of a stage that is not needed',
      'FROM UPPER AS unused\nFROM base\n',
      'reference-invalid',
      'library/UPPER) must be lowercase',
      1,
    ],
    [
      'COPY --from in a stage that is not needed',
      'FROM base AS unused\nCOPY --from=BAD!name a /\nFROM base\n',
      'reference-invalid',
      'BAD!name',
      2,
    ],
    [
      'a mount in a stage that is not needed',
      'FROM base AS unused\nRUN --mount=from=BAD!name,target=/m x\nFROM base\n',
      'reference-invalid',
      'BAD!name',
      2,
    ],
    ['broken reference', 'FROM Conf_Upper/Case:::x\n', 'reference-invalid', 'Conf_Upper/Case', 1],
    ['missing image', 'FROM nope\n', 'image-not-found', 'nope', 1],
    ['missing image of --from', 'FROM base\nCOPY --from=nope /a /\n', 'image-not-found', 'nope', 2],
    ['missing image of a mount', 'FROM base\nRUN --mount=from=nope,target=/x y\n', 'image-not-found', 'nope', 2],
    ['stage index', 'FROM base\nCOPY --from=7 /x /x\n', 'stage-unknown', 'invalid stage index 7', 2],
    ['a number that is no index', `FROM base\nCOPY --from=${'9'.repeat(20)} /x /x\n`, 'image-not-found', '9999', 2],
    ['negative index', 'FROM base\nCOPY --from=-1 /x /x\n', 'stage-unknown', 'invalid stage index -1', 2],
    [
      'variable in --from',
      'FROM base AS x\nFROM base\nARG S=x\nCOPY --from=$S /x /x\n',
      'stage-unknown',
      'variable expansion is not supported for --from',
      4,
    ],
    [
      'variable in mount from',
      'FROM base\nRUN --mount=from=$S,target=/x y\n',
      'stage-unknown',
      "doesn't support variable expansion",
      2,
    ],
    ['self', 'FROM base AS me\nCOPY --from=me /x /x\n', 'stage-cycle', 'circular dependency detected on stage: me', 2],
    [
      'circle',
      'FROM base AS a\nCOPY --from=b /x /x\nFROM base AS b\nCOPY --from=a /x /x\n',
      'stage-cycle',
      'circular dependency',
      4,
    ],
    ['self twice', 'FROM base AS me\nCOPY --from=0 /x /x\nCOPY --from=me /y /y\n', 'stage-cycle', 'stage: me', 3],
    ['circle nobody needs', 'FROM base AS a\nCOPY --from=a /x /x\nFROM base\n', 'stage-cycle', 'stage: a', 2],
    ['mount circle', 'FROM base AS a\nRUN --mount=from=a,target=/x y\n', 'stage-cycle', 'stage: a', 2],
  ])('%s', async (_title, text, code, message, line) => {
    const error = await lowerError(text);
    expect(error.message).toContain(message);
    expect([error.code, error.range?.startLine]).toEqual([code, line]);
  });

  test.each([
    [
      'FROM base AS one\nCOPY --from=two /x /x\nFROM base AS two\nRUN x\n',
      'cannot copy from stage "two", it needs to be defined before current stage "one"',
    ],
    ['FROM base AS one\nRUN --mount=from=two,target=/x y\nFROM base AS two\nRUN x\n', 'cannot mount from stage "two"'],
    ['FROM base AS x\nFROM base AS one\nCOPY --from=x /n /\nFROM base AS x\n', 'cannot copy from stage "x"'],
  ])('a stage of below', async (text, message) => {
    const error = await lowerError(text, { target: 'one' });
    expect(error.message).toContain(message);
    expect(error.code).toBe('stage-unknown');
    expect(error.hint).toContain('above this one');
  });

  test.each<[string, string | undefined, string]>([
    ['FROM base AS builder\n', 'bulder', 'did you mean builder?'],
    ['FROM base AS builder\nFROM base AS other\n', 'zzzzzzz', 'the stages are builder, other'],
    ['FROM base\n', 'zzzzzzz', 'no stage has a name: add AS NAME to FROM'],
    ['FROM base AS builder\nFROM bilder\n', undefined, 'did you mean the stage builder?'],
    ['FROM alpin\n', undefined, 'did you mean alpine?'],
    ['FROM debain:12\n', undefined, 'did you mean debian:12?'],
    ['ARG VERSION=1\nFROM $VERSOIN\n', undefined, 'did you mean $VERSION?'],
    [
      'FROM $ZZZ\n',
      undefined,
      'give ZZZ a value with --build-arg ZZZ=…, or a default with ARG ZZZ=… above the first FROM',
    ],
  ])('hints: %j --target %s', async (text, target, hint) => {
    expect((await lowerError(text, { target })).hint).toBe(hint);
  });

  test('a tag that is not there is no misspelt name', async () => {
    expect((await lowerError('FROM alpine:4\n')).hint).toBeUndefined();
  });

  test('what is no BuildError passes through', async () => {
    const resolver = { resolve: () => Promise.reject(new TypeError('broken')) };
    await expect(lowerText('FROM base\n', { resolver })).rejects.toThrow(TypeError);
  });

  test('an aborted signal ends it before anything is asked', async () => {
    const resolver = fakeResolver();
    await expect(lowerText('FROM base\n', { resolver, signal: AbortSignal.abort() })).rejects.toThrow();
    expect(resolver.asked).toEqual([]);
  });
});

describe('the platform of scratch', () => {
  test.each([
    [undefined, 'amd64'],
    [{ os: 'linux', architecture: 's390x' }, 's390x'],
  ])('is that of the target, %j, whatever FROM says', async (platform, architecture) => {
    const { definition } = await lowerText('FROM --platform=linux/arm64 scratch\nCOPY a /\n', { platform });
    expect(definition.targets[0]).toMatchObject({
      platform: { architecture },
      config: { architecture },
    });
  });
});

describe('for Windows', () => {
  const platform = { os: 'windows', architecture: 'amd64' };

  test('files and metadata are built, without a PATH', async () => {
    const text = 'FROM base AS build\nRUN x\nFROM scratch\nENV A=1\nCOPY --from=build /x.exe /\nCMD ["x.exe"]\n';
    const lowered = await lowerText(text, { platform });
    expect(lowered.definition.targets[0]!.config.os).toBe('windows');
    expect(config(lowered)).toEqual({ Env: ['A=1'], WorkingDir: '/', Cmd: ['x.exe'], ArgsEscaped: true });
  });

  test.each([
    ['RUN x', 3],
    ['RUN ["x"]', 3],
    ['WORKDIR /w', 3],
    ['CMD x', 3],
    ['ENTRYPOINT x', 3],
    ['ONBUILD RUN x\nFROM a', 4],
  ])('%s is refused', async (lines, line) => {
    const error = await lowerError(`FROM scratch AS a\nCOPY a /\n${lines}\n`, { platform });
    expect([error.code, error.range?.startLine]).toEqual(['not-supported-yet', line]);
  });

  test('a Windows base is refused where it is needed', async () => {
    const images = { base: {}, win: { os: 'windows' } };
    const text = 'FROM base\nFROM --platform=windows/amd64 win AS unused\n';
    const error = await lowerError(text, { images });
    expect([error.code, error.range?.startLine]).toEqual(['not-supported-yet', 2]);
    await lowerText(`${text}FROM base\n`, { images });
    await lowerText(`${text}RUN x\n`, { images, isCheck: true });
  });
});

describe('named contexts', () => {
  test.each([
    ['debian', 'FROM debian\n'],
    ['docker.io/library/debian', 'FROM debian:latest\n'],
    ['debian:latest', 'FROM docker.io/library/debian\n'],
    ['debian::linux/amd64', 'FROM debian\n'],
  ])('--build-context %s replaces the image of %j', async (name, text) => {
    const resolver = fakeResolver({ 'oci-layout:///d': {} });
    await lowerText(text, { resolver, contexts: { [name]: 'oci-layout:///d' } });
    expect(resolver.asked).toEqual(['oci-layout:///d linux/amd64']);
  });

  test.each([
    ['FROM MyBase\n', 'mybase', 1],
    ['FROM base\nCOPY --from=MYDIR f /f\n', 'mydir', 2],
    ['FROM UPPER AS dir\nFROM base\nCOPY --from=dir f /f\n', 'dir', 1],
  ])('%j needs names of images beside --build-context %s', async (text, name, line) => {
    const error = await lowerError(text, { contexts: { [name]: '/dir' } });
    expect([error.code, error.range?.startLine]).toEqual(['reference-invalid', line]);
  });

  test('scratch is not replaced; docker-image://scratch is scratch', async () => {
    const lowered = await lowerText('FROM scratch\nCOPY --from=empty / /\n', {
      contexts: { scratch: 'oci-layout:///d', empty: 'docker-image://scratch' },
    });
    expect(ops(lowered, 'image')).toEqual([]);
  });

  test('a directory serves COPY --from and mounts as it is', async () => {
    const lowered = await lowerText('FROM base\nCOPY --from=extra f /f\nRUN --mount=from=extra,target=/m x\n', {
      contexts: { extra: '/dir' },
    });
    expect(ops(lowered, 'context')).toEqual([{ kind: 'context', name: 'extra' }]);
  });

  test.each(['FROM Extra\n', 'FROM base\nCOPY --from=Extra f /f\n', 'FROM base\nRUN --mount=from=Extra,target=/m x\n'])(
    'a name in upper case is not that of one: %j',
    async (text) => {
      const error = await lowerError(text, { contexts: { extra: '/dir' } });
      expect(error).toMatchObject({ code: 'reference-invalid' });
      expect(error.message).toContain('must be lowercase');
    },
  );

  test('of a stage the name counts in lower case', async () => {
    const lowered = await lowerText('FROM missing AS Extra\nFROM base\nCOPY --from=EXTRA f /\n', {
      contexts: { extra: '/dir' },
    });
    expect(ops(lowered, 'context')).toEqual([{ kind: 'context', name: 'extra' }]);
  });

  test.each(['Extra', 'a b', '-'])('--build-context %s is refused', async (name) => {
    const error = await lowerError('FROM base\n', { contexts: { [name]: '/dir' } });
    expect(error).toMatchObject({ code: 'reference-invalid' });
    expect(error.message).toContain(`invalid context name "${name}"`);
  });

  test('a directory as a base is a layer with its content', async () => {
    const lowered = await lowerText('FROM dir\nRUN x\n', { contexts: { dir: '/dir' } });
    expect(stepNames(lowered)).toEqual(['[1/2] FROM dir', '[2/2] RUN x']);
    expect(history(lowered)).toEqual(['u local source for dir', 'L RUN /bin/sh -c x # buildkit']);
    expect(ops(lowered, 'copy')[0]).toMatchObject({ dest: '/', sources: [{ input: 1, path: '/' }] });
  });

  test.each<[string, string[]]>([
    [
      'FROM dir\nENV A=1\nCOPY  a  /q$A\nRUN x y\n',
      ['local source for dir', '[1/3] COPY  a  /q1', 'mount / from exec /bin/sh -c x y'],
    ],
    [
      'FROM dir AS m\nCOPY a /a\nFROM m\nWORKDIR /w\n',
      ['local source for dir', '[m 1/2] COPY a /a', '[stage-1 1/1] WORKDIR /w'],
    ],
    ['FROM img\nCOPY a /a\nRUN ["x","y z"]\n', ['[1/3] COPY a /a', 'mount / from exec x y z']],
    ['FROM base\nCOPY a /a\n', ['[2/2] COPY a /a']],
  ])('layers that have no entry are told of by their work: %j', async (text, expected) => {
    const contexts = { dir: '/dir', img: 'docker-image://img' };
    const lowered = await lowerText(text, { contexts, images: { base: {}, 'docker-image://img': {} } });
    expect(descriptions(lowered)).toEqual(expected);
  });

  test('a stage of that name is replaced, all of it', async () => {
    const text = 'FROM missing AS dep\nRUN false\nONBUILD RUN never\nFROM base\nCOPY --from=dep /f /f\n';
    expect(ops(await lowerText(text, { contexts: { dep: '/dir' } }), 'context')).toEqual([
      { kind: 'context', name: 'dep' },
    ]);
    const lowered = await lowerText('FROM missing AS dep\nRUN false\nFROM dep\nRUN true\n', {
      contexts: { dep: 'docker-image://img' },
      images: { 'docker-image://img': {} },
    });
    expect(stepNames(lowered)).toEqual(['[dep 1/1] FROM dep', '[stage-1 1/1] RUN true']);
  });

  test('a replaced stage that is the target', async () => {
    const lowered = await lowerText('FROM missing AS dep\nRUN false\n', { contexts: { dep: '/dir' } });
    expect(stepNames(lowered)).toEqual(['[1/1] FROM dep']);
  });
});
