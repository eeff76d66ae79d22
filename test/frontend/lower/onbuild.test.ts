import { describe, expect, test } from 'vitest';
import { config, fakeResolver, lowerError, lowerText, ops, own, stepNames, vertexOf } from './rig.ts';

function triggers(...OnBuild: string[]) {
  return { images: { base: { config: { OnBuild } } } };
}

describe('triggers of an image', () => {
  test('run right after FROM, in order, and are gone', async () => {
    const lowered = await lowerText(
      'FROM base\nRUN after $V\n',
      triggers('COPY app.txt /x', 'RUN t > /y', 'ENV V=set', 'LABEL a=b'),
    );
    expect(own(lowered)).toEqual([
      'L COPY app.txt /x # buildkit',
      'L RUN /bin/sh -c t > /y # buildkit',
      'e ENV V=set',
      'e LABEL a=b',
      'L RUN /bin/sh -c after $V # buildkit',
    ]);
    expect(config(lowered).OnBuild).toBeUndefined();
    expect(stepNames(lowered)).toEqual([
      '[1/4] FROM base',
      '[2/4] ONBUILD COPY app.txt /x',
      '[3/4] ONBUILD RUN t > /y',
      '[4/4] RUN after set',
    ]);
  });

  test('see build args, users and work directories as if they stood in the stage', async () => {
    const given = {
      ...triggers('ARG A=d', 'ENV E=$A', 'USER app', 'WORKDIR /w', 'EXPOSE 9', 'CMD ["c"]', 'RUN x'),
      buildArgs: { A: 'cli' },
    };
    const lowered = await lowerText('FROM base\nENTRYPOINT ["e"]\n', given);
    expect(config(lowered)).toMatchObject({ User: 'app', WorkingDir: '/w', Cmd: ['c'], ExposedPorts: { '9/tcp': {} } });
    expect(ops(lowered, 'run')[0]).toMatchObject({ user: 'app', cwd: '/w' });
    expect(own(lowered)).toContain('L RUN |1 A=cli /bin/sh -c x # buildkit');
  });

  test('may need another stage and another image', async () => {
    const resolver = fakeResolver({
      base: {},
      tmpl: { config: { OnBuild: ['COPY --from=builder /o /o', 'RUN --mount=from=img,target=/m x'] } },
      img: {},
    });
    const lowered = await lowerText('FROM base AS builder\nRUN b\nFROM missing AS unused\nFROM tmpl\n', { resolver });
    expect(resolver.asked.map((call) => call.split(' ')[0])).toEqual(['tmpl', 'base', 'img']);
    expect(vertexOf(lowered, 'ONBUILD COPY --from=builder /o /o').inputs[1]!.origin.name).toBe('[builder 2/2] RUN b');
  });

  test('heredocs', async () => {
    const lowered = await lowerText(
      'FROM base\n',
      triggers('RUN <<EOF\none\ntwo\nEOF\n', 'COPY <<EOF /f\n$PATH\nEOF\n'),
    );
    expect(own(lowered)).toEqual(['L RUN /bin/sh -c one\ntwo\n # buildkit', 'L COPY <<EOF /f # buildkit']);
  });

  test('steps stand at the FROM', async () => {
    const lowered = await lowerText('ARG X\nFROM base\n', triggers('RUN x'));
    expect(vertexOf(lowered, 'RUN x').origin.range).toMatchObject({ startLine: 2 });
  });
});

describe('triggers of a stage', () => {
  test('fire in its children, not in itself and not in grandchildren', async () => {
    const lowered = await lowerText(
      'FROM base AS a\nONBUILD RUN a\nONBUILD ENV N=1\nRUN self\nFROM a AS b\nONBUILD RUN b\nRUN own-b\nFROM b AS c\nRUN own-c-$N\n',
    );
    expect(own(lowered)).toEqual([
      'L RUN /bin/sh -c self # buildkit',
      'L RUN /bin/sh -c a # buildkit',
      'e ENV N=1',
      'L RUN /bin/sh -c own-b # buildkit',
      'L RUN /bin/sh -c b # buildkit',
      'L RUN /bin/sh -c own-c-$N # buildkit',
    ]);
    expect(config(lowered).OnBuild).toBeUndefined();
  });

  test('of the target are stored', async () => {
    const lowered = await lowerText('FROM base\nonbuild copy  . /app\nONBUILD CMD ["a",  "b"]\n');
    expect(config(lowered).OnBuild).toEqual(['copy  . /app', 'CMD ["a",  "b"]']);
  });

  test('a mount in a trigger of a stage', async () => {
    const lowered = await lowerText(
      'FROM base AS dep\nRUN d\nFROM base AS tmpl\nONBUILD RUN --mount=from=dep,target=/m x\nFROM tmpl\n',
    );
    expect(ops(lowered, 'run').at(-1)!.mounts).toMatchObject([{ type: 'bind', input: 1 }]);
  });
});

describe('errors stand at the FROM', () => {
  test.each<[string, string, string]>([
    ['FROM x', 'onbuild-invalid', "FROM isn't allowed as an ONBUILD trigger"],
    ['RUNN x', 'unknown-instruction', 'RUNN'],
    ['COPY --from=$S /a /b', 'stage-unknown', 'variable expansion is not supported'],
    ['EXPOSE 70000', 'instruction-invalid', 'invalid containerPort'],
    ['COPY --from=9 /a /b', 'stage-unknown', 'invalid stage index 9'],
  ])('%s', async (trigger, code, message) => {
    const error = await lowerError('ARG X\nFROM base\n', triggers(trigger));
    expect(error.message).toContain(message);
    expect(error).toMatchObject({ code, range: { startLine: 2 } });
  });
});
