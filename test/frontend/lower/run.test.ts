import { describe, expect, test } from 'vitest';
import { type GivenOptions, lowerError, lowerText, ops, own, PATH, stepNames, vertexOf } from './rig.ts';

async function run(text: string, given: GivenOptions = {}) {
  return ops(await lowerText(`FROM base\n${text}\n`, given), 'run').at(-1)!;
}

describe('the process', () => {
  test.each<[string, readonly string[], string]>([
    ['RUN echo  "a"   b', ['/bin/sh', '-c', 'echo  "a"   b'], 'RUN /bin/sh -c echo  "a"   b'],
    ['RUN ["/bin/x", "a b"]', ['/bin/x', 'a b'], 'RUN /bin/x a b'],
    ['SHELL ["/bin/ash", "-c"]\nRUN x', ['/bin/ash', '-c', 'x'], 'RUN /bin/ash -c x'],
    ['RUN a && \\\n  b', ['/bin/sh', '-c', 'a &&   b'], 'RUN /bin/sh -c a &&   b'],
    ['RUN <<EOF\nx\n$y\nEOF', ['/bin/sh', '-c', 'x\n$y\n'], 'RUN /bin/sh -c x\n$y\n'],
    ['RUN <<-EOF\n\tx\n\tEOF', ['/bin/sh', '-c', 'x\n'], 'RUN /bin/sh -c x\n'],
    ['RUN <<EOF\nEOF', ['/bin/sh', '-c', ''], 'RUN /bin/sh -c '],
    ['RUN cat <<A > /a\nbody\nA', ['/bin/sh', '-c', 'cat <<A > /a\nbody\nA'], 'RUN /bin/sh -c cat <<A > /a\nbody\nA'],
  ])('%j', async (text, argv, entry) => {
    const lowered = await lowerText(`FROM base\n${text}\n`);
    expect(ops(lowered, 'run')[0]!.argv).toEqual(argv);
    expect(ops(lowered, 'run')[0]!.script).toBeUndefined();
    expect(own(lowered).at(-1)).toBe(`L ${entry} # buildkit`);
  });

  test('a heredoc that begins with #! is a program', async () => {
    const lowered = await lowerText('FROM base\nRUN <<script\n#!/bin/awk -f\nBEGIN {}\nscript\n');
    expect(ops(lowered, 'run')[0]).toMatchObject({
      argv: ['/bin/sh', '-c', '/dev/pipes/script'],
      script: { name: 'script', content: '#!/bin/awk -f\nBEGIN {}\n' },
    });
    expect(own(lowered)).toEqual(['L RUN /bin/sh -c /dev/pipes/script # buildkit']);
    expect(stepNames(lowered)[1]).toBe('[2/2] RUN <<script (#!/bin/awk -f...)');
  });

  test('surroundings: work directory, user, host name, network, limits', async () => {
    const given = {
      network: 'none',
      hostname: 'here',
      shmSizeBytes: 1024,
      ulimits: [{ name: 'nofile', soft: 1, hard: 2 }],
      extraHosts: [{ host: 'h', ip: '10.0.0.1' }],
    } as const;
    expect(await run('USER u:g\nWORKDIR /w\nENV A=1\nRUN x', given)).toMatchObject({
      ...given,
      env: [PATH, 'A=1'],
      cwd: '/w',
      user: 'u:g',
      security: 'sandbox',
      mounts: [],
      devices: [],
    });
  });

  test('defaults: the root directory and user 0, also without a work directory', async () => {
    expect(await run('RUN x', { images: { base: { config: {} } } })).toMatchObject({ cwd: '/', user: '', env: [PATH] });
  });

  test('BUILDKIT_SANDBOX_HOSTNAME names the host and is no variable', async () => {
    expect(await run('RUN x', { buildArgs: { BUILDKIT_SANDBOX_HOSTNAME: 'mine' } })).toMatchObject({
      hostname: 'mine',
      env: [PATH],
    });
  });

  test.each<[string, GivenOptions, object]>([
    ['--network=none', {}, { network: 'none' }],
    ['--network=default', { network: 'none' }, { network: 'none' }],
    ['--network=host', { allow: ['network.host'] }, { network: 'host' }],
    ['', { network: 'host' }, { network: 'host' }],
    ['--network=host', { network: 'host' }, { network: 'host' }],
    ['--security=insecure', { allow: ['security.insecure'] }, { security: 'insecure' }],
    ['--device=a/b=c', { allow: ['device'] }, { devices: [{ name: 'a/b=c', isRequired: false }] }],
    [
      '--device=name=/dev/a,required',
      { allow: ['device=/dev/a'] },
      { devices: [{ name: '/dev/a', isRequired: true }] },
    ],
    ['', { devices: ['/dev/a'] }, { devices: [{ name: '/dev/a', isRequired: true }] }],
    ['--security=sandbox', {}, { security: 'sandbox' }],
  ])('RUN %s with %j', async (flag, given, expected) => {
    expect(await run(`RUN ${flag} x`, given)).toMatchObject(expected);
  });

  test.each<[string, GivenOptions, string, string]>([
    ['RUN --network=host x', {}, 'entitlement-missing', 'network.host is not allowed'],
    ['RUN --device=/dev/fuse x', {}, 'entitlement-missing', 'device=/dev/fuse is not allowed'],
    ['RUN --device=/dev/fuse x', { allow: ['device=/dev/kvm'] }, 'entitlement-missing', 'device=/dev/fuse is not'],
    ['RUN --device=required x', { allow: ['device'] }, 'flag-invalid', 'it names no device'],
    ['RUN --device=a,required=x x', { allow: ['device'] }, 'flag-invalid', 'required is true or false'],
    ['RUN --device=a,b x', { allow: ['device'] }, 'flag-invalid', 'unexpected field "b"'],
    [
      'RUN --security=insecure x',
      { allow: ['network.host'] },
      'entitlement-missing',
      'security.insecure is not allowed',
    ],
    ['RUN []', {}, 'instruction-invalid', 'RUN has no command'],
  ])('%s with %j', async (text, given, code, message) => {
    const error = await lowerError(`FROM base\n${text}\n`, given);
    expect(error.message).toContain(message);
    expect([error.code, error.range?.startLine]).toEqual([code, 2]);
  });
});

describe('mounts', () => {
  const OWNER = { uid: 0, gid: 0 };
  const CACHE = {
    ...{ type: 'cache', sharing: 'shared', readOnly: false },
    ...{ attributes: undefined, seed: undefined, subpath: undefined },
  };
  const SECRET = { type: 'secret', env: undefined, required: false, mode: 0o400, ...OWNER };

  test.each<[string, object]>([
    ['target=/m', { type: 'bind', input: 1, source: '/', target: '/m', readOnly: true }],
    ['type=bind,source=a/../b,dst=m,rw', { type: 'bind', input: 1, source: '/b', target: '/w/m', readOnly: false }],
    ['type=cache,target=/c/', { ...CACHE, id: '/c', target: '/c' }],
    ['type=cache,target=rel', { ...CACHE, id: 'rel', target: '/w/rel' }],
    [
      'type=cache,id=i,target=/c,sharing=locked,ro,mode=700,uid=1,gid=2',
      {
        ...CACHE,
        id: 'i',
        target: '/c',
        sharing: 'locked',
        readOnly: true,
        attributes: { mode: 0o700, uid: 1, gid: 2 },
      },
    ],
    ...(
      [
        ['mode=7755', { mode: 0o755, uid: 0, gid: 0 }],
        ['uid=0', { mode: 0o755, uid: 0, gid: 0 }],
        ['uid=1,source=/', { mode: 0o755, uid: 1, gid: 0 }],
        ['uid=1,source=x/../y', undefined, '/y'],
      ] as const
    ).map(([more, attributes, subpath]): [string, object] => [
      `type=cache,target=/c,${more}`,
      { ...CACHE, id: '/c', target: '/c', attributes, subpath },
    ]),
    ['type=tmpfs,target=/t', { type: 'tmpfs', target: '/t', readOnly: false, sizeBytes: undefined }],
    ['type=tmpfs,target=/t,size=64m,ro', { type: 'tmpfs', target: '/t', readOnly: true, sizeBytes: 64 * 1024 * 1024 }],
    ['type=tmpfs', { type: 'tmpfs', target: '/w', readOnly: false, sizeBytes: undefined }],
    ['type=cache', { ...CACHE, id: '.', target: '/w' }],
    ['type=secret,id=a/tok', { ...SECRET, id: 'a/tok', target: '/run/secrets/tok' }],
    ['type=secret,target=/x/tok,required', { ...SECRET, id: 'tok', target: '/x/tok', required: true }],
    ['type=secret,id=tok,env=TOK', { ...SECRET, id: 'tok', target: undefined, env: 'TOK' }],
    [
      'type=secret,id=tok,env=TOK,target=/t,mode=6444,uid=5,gid=6',
      { ...SECRET, id: 'tok', target: '/t', env: 'TOK', mode: 0o444, uid: 5, gid: 6 },
    ],
    [
      'type=ssh',
      { type: 'ssh', id: 'default', target: '/run/buildkit/ssh_agent.0', required: false, mode: 0o600, ...OWNER },
    ],
    [
      'type=ssh,id=k,target=/s,required=true,mode=1600',
      { type: 'ssh', id: 'k', target: '/s', required: true, mode: 0o600, ...OWNER },
    ],
  ])('%s', async (text, mount) => {
    expect((await run(`WORKDIR /w\nRUN --mount=${text} x`)).mounts).toEqual([mount]);
  });

  test('every value but from is expanded', async () => {
    const op = await run('ARG T=/t I=id M=0700\nRUN --mount=type=cache,id=$I,target=$T/x,mode=$M x');
    expect(op.mounts).toEqual([{ ...CACHE, id: 'id', target: '/t/x', attributes: { ...OWNER, mode: 0o700 } }]);
  });

  test('from: stages, images, contexts and nothing', async () => {
    const lowered = await lowerText(
      'FROM base AS dep\nRUN d\nFROM base\nRUN --mount=from=dep,target=/1 --mount=from=img,target=/2 --mount=type=cache,from=dep,source=s,target=/3 --mount=type=cache,target=/4 --mount=target=/5 --mount=type=cache,from=dep,mode=700,target=/6 x\n',
      { images: { base: {}, img: {} } },
    );
    const vertex = vertexOf(lowered, ' x');
    expect(vertex.inputs.map(({ origin }) => origin.name)).toEqual([
      '[stage-1 1/2] FROM base',
      '[dep 2/2] RUN d',
      'FROM img',
      '[internal] load build context',
    ]);
    expect(vertex.op).toMatchObject({
      mounts: [
        { input: 1 },
        { input: 2 },
        { seed: { input: 1, source: '/s' } },
        { id: '/4' },
        { input: 3 },
        {
          seed: { input: 1, source: undefined },
          attributes: { mode: 0o700 },
        },
      ],
    });
    expect(vertex.op).not.toHaveProperty('mounts.3.seed');
  });

  test.each<[string, readonly string[]]>([
    ['RUN --mount=type=tmpfs,target=/t x', []],
    ['RUN --mount=type=ssh --mount=type=ssh,target=/b x', ['SSH_AUTH_SOCK=/run/buildkit/ssh_agent.0']],
    ['WORKDIR /w\nRUN --mount=type=ssh,target=x.sock --mount=type=ssh x', ['SSH_AUTH_SOCK=x.sock']],
    ['ENV SSH_AUTH_SOCK=/mine\nRUN --mount=type=ssh x', ['SSH_AUTH_SOCK=/mine']],
  ])('%j: the first agent is in the environment', async (text, expected) => {
    expect((await run(text)).env).toEqual([PATH, ...expected]);
  });

  test('agents are counted', async () => {
    expect(
      (await run('RUN --mount=type=ssh --mount=type=ssh,id=b x')).mounts.map(
        (mount) => 'target' in mount && mount.target,
      ),
    ).toEqual(['/run/buildkit/ssh_agent.0', '/run/buildkit/ssh_agent.1']);
  });

  test('mounts come in the order of their targets, secrets and agents behind as they are written', async () => {
    const flags = ['type=secret,id=z', 'type=tmpfs,target=/b', 'target=/a,source=one', 'type=secret,id=y'];
    const order = async (texts: readonly string[]) =>
      (await run(`RUN ${texts.map((text) => `--mount=${text}`).join(' ')} x`)).mounts.map((mount) =>
        mount.type === 'bind' ? mount.source : mount.target,
      );
    const expected = ['/one', '/b', '/run/secrets/z', '/run/secrets/y'];
    expect(await order(flags)).toEqual(expected);
    expect(await order([flags[2] ?? '', flags[0] ?? '', flags[3] ?? '', flags[1] ?? ''])).toEqual(expected);
    expect(await order(['target=/a,source=two', 'target=/a,source=one'])).toEqual(['/two', '/one']);
  });

  test('BUILDKIT_CACHE_MOUNT_NS is put before cache ids', async () => {
    const op = await run('RUN --mount=type=cache,target=/c x', { buildArgs: { BUILDKIT_CACHE_MOUNT_NS: 'ns' } });
    expect(op.mounts).toMatchObject([{ id: 'ns//c' }]);
  });

  test('secret variables are masked in the step’s name', async () => {
    const lowered = await lowerText('FROM base\nARG TOK=arg\nRUN --mount=type=secret,id=t,env=TOK echo $TOK\n');
    expect(stepNames(lowered)[1]).toBe('[2/2] RUN --mount=type=secret,id=t,env=TOK echo ****');
  });

  test.each<[string, string]>([
    ['type=bind,source=a', 'target'],
    ['type=bind,target=/', 'invalid mount target "/"'],
    ['type=cache,target=$NOPE', 'target'],
    ['type=tmpfs', 'target'],
    ['type=tmpfs,target=/x,source=etc', 'a tmpfs mount has no /etc'],
    ['type=secret,id=x,target=/', 'invalid mount target "/"'],
    ['type=ssh,target=/', 'invalid mount target "/"'],
    ['type=tmp,target=/x', 'tmp'],
    ['type=cache,target=/x,sharing=some', 'some'],
    ['type=bind,target=/x,size=1m', 'size'],
    ['type=ssh,source=/key', 'ssh does not support source'],
  ])('%s is refused', async (text, message) => {
    const error = await lowerError(`FROM base\nRUN --mount=${text} x\n`);
    expect(error.message).toContain(message);
    expect(error.range).toMatchObject({ startLine: 2, startColumn: 5 });
  });

  test('the hint names the option that was meant', async () => {
    expect((await lowerError('FROM base\nRUN --mount=typ=cache,target=/x x\n')).hint).toBe('did you mean type?');
    expect((await lowerError('FROM base\nRUN --mount=type=tmp,target=/x x\n')).hint).toBe('did you mean tmpfs?');
    expect((await lowerError('FROM base\nRUN --mount=type=cache, target=/x x\n')).hint).toContain('no comma');
  });

  test.each<[string, string | undefined]>([
    ['from=dep', 'dep'],
    ['TYPE=Bind,FROM=dep', 'dep'],
    ['type=$T,from=dep', 'dep'],
    ['type=tmpfs,from=dep', 'dep'],
    ['from=', undefined],
  ])('%s needs the stage %s', async (text, stage) => {
    const lowered = await lowerText(`FROM base AS dep\nFROM base\nARG T=bind\nRUN --mount=${text},target=/x x\n`);
    expect(lowered.stages.find(({ isReached, isTarget }) => isReached && !isTarget)?.name).toBe(stage);
    expect(lowered.definition.vertices.some(({ op }) => op.kind === 'context')).toBe(text === 'from=');
  });

  test('in a stage that nobody needs a wrong mount is not noticed', async () => {
    const mounts = ['type=$T,target=/x', 'type=nonsense', 'bogus', 'type=cache', 'type=bind,size=1,target=/x'];
    const runs = mounts.map((mount) => `RUN --mount=${mount} x`).join('\n');
    expect((await lowerText(`FROM base\n${runs}\nFROM base\n`)).diagnostics).toEqual([]);
  });
});

describe('--no-cache', () => {
  const text = 'FROM base AS One\nRUN 1\nFROM one AS two\nRUN 2\nWORKDIR /w\nCOPY a /\n';
  test.each<[GivenOptions, readonly string[]]>([
    [{}, []],
    [{ noCache: true }, ['[one 2/2] RUN 1', '[two 1/3] RUN 2', '[two 2/3] WORKDIR /w', '[two 3/3] COPY a /']],
    [{ noCacheFilter: ['ONE'] }, ['[one 2/2] RUN 1']],
    [{ noCacheFilter: ['two'] }, ['[two 1/3] RUN 2', '[two 2/3] WORKDIR /w', '[two 3/3] COPY a /']],
  ])('%j', async (given, ignored) => {
    const { definition } = await lowerText(text, given);
    expect(definition.vertices.filter(({ origin }) => origin.ignoreCache).map(({ origin }) => origin.name)).toEqual(
      ignored,
    );
  });
});
