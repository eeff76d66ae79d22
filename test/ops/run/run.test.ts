import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { contentIDOf, diffIDOf, digestOf, type LayerRef } from '../../../cache/index.ts';
import { BuildError } from '../../../src/errors.ts';
import type { RunMount, RunOp, Vertex } from '../../../src/graph/index.ts';
import type { OpDeps, RunEnvironment } from '../../../src/ops/index.ts';
import { runOp } from '../../../src/ops/run/index.ts';
import type { Made, Result } from '../../../src/solver/index.ts';
import type { RunReply, RunRequest } from '../../../src/worker/protocol.ts';
import { memoryTree } from '../../rig/memory-tree.ts';
import { untimedStep } from '../../rig/untimed.ts';

function layer(name: string): LayerRef {
  const diffID = diffIDOf(digestOf(name));
  return { diffID, contentID: contentIDOf(diffID), verified: true, origins: [] };
}

const stack = (...names: string[]): Result => ({ kind: 'stack', layers: names.map(layer) });
const made = layer('made');
const ok: RunReply = { outcome: 'exited', exitCode: 0, layer: { ...made, size: 7 }, cpuMs: 3, maxRssBytes: 9 };

const bare: RunOp = {
  kind: 'run',
  argv: ['/bin/sh', '-c', 'make'],
  env: ['PATH=/bin'],
  cwd: '/app',
  user: 'node',
  hostname: 'host',
  network: 'default',
  security: 'sandbox',
  platform: { os: 'linux', architecture: 'amd64' },
  mounts: [],
  extraHosts: [{ host: 'db', ip: '10.0.0.1' }],
  ulimits: [],
  devices: [],
};

/** Runs an op on a stack with a worker that gives this reply; tells what was asked of it. */
function rig(
  reply: RunReply = ok,
  environment: Partial<RunEnvironment> = {},
  { failures = [], refusal }: { failures?: readonly Error[]; refusal?: Error } = {},
) {
  const left = [...failures];
  const asked: { requests: RunRequest[]; ensured: string[]; output: string[]; logs: string[] } = {
    requests: [],
    ensured: [],
    output: [],
    logs: [],
  };
  const deps = {
    assertCanRun: () => (refusal === undefined ? Promise.resolve() : Promise.reject(refusal)),
    startWorker: () => undefined,
    ensureLayers: (layers: readonly LayerRef[]) => {
      asked.ensured.push(...layers.map(({ diffID }) => diffID));
      return Promise.resolve();
    },
    logFile: () => '/logs/step.log',
    run: (request: RunRequest, { onOutput }: Parameters<OpDeps['run']>[1]) => {
      asked.requests.push(request);
      onOutput('stdout', Buffer.from('said'));
      const failure = left.shift();
      if (failure !== undefined) return Promise.reject(failure);
      return Promise.resolve(reply);
    },
    runEnvironment: {
      secret: () => Promise.resolve(undefined),
      sshSocket: () => undefined,
      proxyEnv: [],
      caFile: undefined,
      runtime: undefined,
      ...environment,
    },
  } as unknown as OpDeps;

  const run = async (op: Partial<RunOp> = {}, inputs: readonly Result[] = [stack('base')]): Promise<Made> => {
    const prepared = await runOp(deps).prepare(vertexOf({ ...bare, ...op }), inputs, {
      signal: new AbortController().signal,
      output: (_stream, data) => void asked.output.push(Buffer.from(data).toString()),
      warn: () => undefined,
      logsTo: (file) => void asked.logs.push(file),
      ...untimedStep,
    });
    if (prepared.kind !== 'step') throw new Error('a RUN is a step');
    return prepared.run();
  };
  return { run, asked, request: () => asked.requests[0] };
}

async function listening(): Promise<Disposable & { readonly path: string }> {
  const dir = mkdtempSync(join(tmpdir(), 'agent-'));
  const path = join(dir, 'socket');
  const server = createServer();
  await new Promise<void>((resolve) => {
    server.listen(path, resolve);
  });
  return {
    path,
    [Symbol.dispose]() {
      server.close();
      rmSync(dir, { recursive: true });
    },
  };
}

function vertexOf(op: RunOp): Vertex<RunOp> {
  const origin = { name: '[2/2] RUN make', stage: 'stage-0', index: 2, kind: 'RUN', isStep: true, buildArgs: {} };
  return { digest: digestOf('vertex'), op, inputs: [], origin: { ...origin, ignoreCache: false } };
}

describe('a layer that turns out to be damaged', () => {
  const damaged = new BuildError('layer-damaged', 'the layer is damaged');

  test('is asked for again, and the RUN is run again', async () => {
    const { run, asked } = rig(ok, {}, { failures: [damaged, damaged] });
    await run({}, [stack('base', 'top')]);
    expect(asked.requests).toHaveLength(3);
    expect(asked.ensured).toHaveLength(6);
  });

  test('is an error when it stays so, and other errors are not tried again', async () => {
    const stubborn = rig(ok, {}, { failures: [damaged, damaged] });
    await expect(stubborn.run()).rejects.toBe(damaged);
    expect(stubborn.asked.requests).toHaveLength(2);
    const other = rig(ok, {}, { failures: [new BuildError('mount-failed', 'no')] });
    await expect(other.run()).rejects.toMatchObject({ code: 'mount-failed' });
    expect(other.asked.requests).toHaveLength(1);
  });
});

test('where it cannot run, nothing is brought for it', async () => {
  const refusal = new BuildError('sandbox-unavailable', 'no');
  const { run, asked } = rig(ok, {}, { refusal });
  await expect(run()).rejects.toBe(refusal);
  expect(asked).toEqual({ requests: [], ensured: [], output: [], logs: [] });
});

describe('what the worker is asked', () => {
  test('the process and its world as the op has them, on the stack below', async () => {
    const { run, request, asked } = rig();
    await run({ epoch: 5, shmSizeBytes: 64 }, [stack('base', 'top')]);
    expect(request()).toMatchObject({
      stack: [layer('base').diffID, layer('top').diffID],
      process: { argv: bare.argv, env: bare.env, cwd: '/app', user: 'node' },
      hostname: 'host',
      network: 'default',
      security: 'sandbox',
      extraHosts: bare.extraHosts,
      logFile: '/logs/step.log',
      epoch: 5,
      shmSizeBytes: 64,
      mounts: [],
    });
    expect(asked.ensured).toEqual([layer('base').diffID, layer('top').diffID]);
  });

  test('proxies come after the declared variables and are in no key', async () => {
    const { run, request } = rig(ok, { proxyEnv: ['http_proxy=http://user:pass@proxy'] });
    const { materials } = await run();
    expect(request()?.process.env).toEqual(['PATH=/bin']);
    expect(request()?.process.privateEnv).toEqual(['http_proxy=http://user:pass@proxy']);
    expect(JSON.stringify(materials)).not.toContain('proxy');
  });

  test('a secret is a file, a variable or both; its value is nowhere else', async () => {
    const { run, request } = rig(ok, { secret: (id) => Promise.resolve(Buffer.from(`value of ${id}`)) });
    const owner = { mode: 0o400, uid: 1, gid: 2 };
    const mounts: RunMount[] = [
      { type: 'secret', id: 'npm', target: '/run/secrets/npm', required: false, ...owner },
      { type: 'secret', id: 'key', env: 'KEY', required: true, ...owner },
    ];
    const { materials } = await run({ mounts });
    const content = Buffer.from('value of npm').toString('base64');
    expect(request()?.mounts).toEqual([{ type: 'file', content, target: '/run/secrets/npm', ...owner }]);
    expect(request()?.process.privateEnv).toContain('KEY=value of key');
    expect(JSON.stringify(materials)).not.toContain('value of');
  });

  test('a secret that was not given: left out, or an error where it is required', async () => {
    const owner = { mode: 0o400, uid: 0, gid: 0 };
    const mount = { type: 'secret', id: 'npm', target: '/x', ...owner } as const;
    const lenient = rig();
    await lenient.run({ mounts: [{ ...mount, required: false }] });
    expect(lenient.request()?.mounts).toEqual([]);
    expect(lenient.request()?.process.privateEnv).toEqual([]);
    await lenient.run({ mounts: [{ ...mount, env: 'TOK', required: false }] });
    expect(lenient.asked.requests[1]?.process.privateEnv).toEqual(['TOK=']);
    await expect(rig().run({ mounts: [{ ...mount, required: true }] })).rejects.toMatchObject({
      code: 'secret-missing',
    });
  });

  test('an agent is behind a socket of the RUN’s own; one that is not required may be missing', async () => {
    using agent = await listening();
    const owner = { mode: 0o741, uid: 100, gid: 102 };
    const mount = { type: 'ssh', id: 'default', target: '/run/agent.0', ...owner } as const;
    const given = rig(ok, { sshSocket: () => agent.path });
    await given.run({ mounts: [{ ...mount, required: true }] });
    expect(given.request()?.mounts).toEqual([{ type: 'agent', source: agent.path, target: '/run/agent.0', ...owner }]);
    await expect(rig().run({ mounts: [{ ...mount, required: true }] })).rejects.toMatchObject({
      code: 'secret-missing',
      message: 'no SSH key "default" forwarded from the client',
    });
    const without = rig();
    await without.run({ mounts: [{ ...mount, required: false }] });
    expect(without.request()?.mounts).toEqual([]);
  });

  test.each([
    [fileURLToPath(import.meta.url), 'is no socket of an agent'],
    ['/nowhere/agent', 'is not there'],
  ])('no RUN sees %s in place of an agent', async (path, message) => {
    const mount = { type: 'ssh', id: 'default', target: '/agent', mode: 0o600, uid: 0, gid: 0 } as const;
    const { run, asked } = rig(ok, { sshSocket: () => path });
    await expect(run({ mounts: [{ ...mount, required: false }] })).rejects.toMatchObject({
      code: 'agent-unusable',
      message: `--ssh default: ${path} ${message}`,
      hint: expect.stringContaining('ssh-add'),
    });
    expect(asked.requests).toEqual([]);
  });

  test('the CA bundle: mounted, and named in the variables that programs look at, but for those that are set', async () => {
    const { run, request } = rig(ok, { caFile: '/host/ca.pem' });
    const { materials } = await run({ env: ['CURL_CA_BUNDLE=/mine'] });
    expect(request()?.mounts).toMatchObject([{ type: 'host', source: '/host/ca.pem', readOnly: true }]);
    const env = [...(request()?.process.env ?? []), ...(request()?.process.privateEnv ?? [])];
    expect(env.filter((pair) => pair.startsWith('CURL_CA_BUNDLE='))).toEqual(['CURL_CA_BUNDLE=/mine']);
    expect(env.some((pair) => pair.startsWith('NODE_EXTRA_CA_CERTS=/'))).toBe(true);
    expect(JSON.stringify(materials)).not.toContain('ca.pem');
  });

  test('a heredoc script is a file', async () => {
    const { run, request } = rig();
    await run({ script: { name: 'EOF', content: '#!/bin/sh\n' } });
    expect(request()?.mounts).toMatchObject([{ type: 'file', target: '/dev/pipes/EOF', mode: 0o755 }]);
  });

  test('a bind of a stage is its stack, which is brought here first', async () => {
    const { run, request, asked } = rig();
    const bind: RunMount = { type: 'bind', input: 1, source: '/', target: '/src', readOnly: true };
    await run({ mounts: [bind] }, [stack('base'), stack('other')]);
    const { diffID } = layer('other');
    expect(request()?.mounts).toEqual([
      { type: 'stack', stack: [diffID], source: '/', target: '/src', readOnly: true },
    ]);
    expect(asked.ensured).toContain(diffID);
  });

  test('a cache starts as files of a stage: they are in its key, and brought here', async () => {
    const cache = { type: 'cache', id: 'c', target: '/c', sharing: 'shared', readOnly: false } as const;
    const { run, request, asked } = rig();
    const seeded: RunMount = { ...cache, seed: { input: 1, source: '/' } };
    const [one, other] = await Promise.all(
      ['seed', 'other'].map((name) => run({ mounts: [seeded] }, [stack('base'), stack(name)])),
    );
    expect(one?.materials[0]?.content).not.toBe(other?.materials[0]?.content);
    expect(request()?.mounts).toMatchObject([{ type: 'cache', seed: { stack: [layer('seed').diffID], source: '/' } }]);
    expect(asked.ensured).toContain(layer('seed').diffID);
    const empty = rig();
    const { materials } = await empty.run({ mounts: [{ ...cache, seed: { input: 1 } }] }, [
      stack('base'),
      stack('seed'),
    ]);
    expect(materials[0]?.content).toBeUndefined();
    expect(empty.request()?.mounts[0]).not.toHaveProperty('seed');
  });

  test('a cache that stands on a context is told apart by its files', async () => {
    const mount: RunMount = {
      ...{ type: 'cache', id: 'c', target: '/c', sharing: 'shared', readOnly: false },
      ...{ attributes: { mode: 0o700, uid: 0, gid: 0 }, seed: { input: 1 } },
    };
    const names = [];
    for (const content of ['one', 'other', 'one']) {
      const { run, request } = rig();
      await run({ mounts: [mount] }, [stack('base'), { kind: 'tree', tree: memoryTree({ f: { content } }) }]);
      names.push(JSON.stringify(request()?.mounts));
    }
    expect(names[2]).toBe(names[0]);
    expect(names[1]).not.toBe(names[0]);
  });

  test('cache mounts share a directory when everything that decides how it starts is equal', async () => {
    const mount = { type: 'cache', id: 'npm', target: '/c', sharing: 'shared', readOnly: false } as const;
    const nameOf = async (more: Partial<Extract<RunMount, { type: 'cache' }>>) => {
      const { run, request } = rig();
      await run({ mounts: [{ ...mount, ...more }] }, [stack('base'), stack('seed'), stack('other')]);
      const [asked] = request()?.mounts ?? [];
      return asked?.type === 'cache' ? asked.name : undefined;
    };
    const name = await nameOf({});
    expect(await nameOf({ target: '/elsewhere', sharing: 'locked', readOnly: true })).toBe(name);
    const plain = { mode: 0o755, uid: 0, gid: 0 };
    const others = await Promise.all([
      nameOf({ id: 'x' }),
      ...[plain, { ...plain, mode: 0 }, { ...plain, uid: 1 }, { ...plain, gid: 1 }].map((attributes) =>
        nameOf({ attributes }),
      ),
      ...[1, 2].map((input) => nameOf({ seed: { input, source: '/' } })),
      ...[1, 2].map((input) => nameOf({ attributes: plain, seed: { input } })),
    ]);
    expect(new Set([name, ...others]).size).toBe(1 + others.length);
  });
});

describe('what comes of it', () => {
  test('a layer, what it cost, and the key that it was looked up by', async () => {
    const { run, asked } = rig();
    const result = await run();
    expect(result).toMatchObject({ layer: made, size: 7, usage: { cpuMs: 3, maxRssBytes: 9 } });
    expect(result.materials).toHaveLength(1);
    expect(asked).toMatchObject({ output: ['said'], logs: ['/logs/step.log'] });
  });

  test.each([
    [3, /did not complete successfully: exit code: 3$/, /whole output is in \/logs\/step\.log$/],
    [127, /exit code: 127$/, /not found in the image/],
    [126, /exit code: 126$/, /cannot be executed/],
    [137, /exit code: 137 \(killed by SIGKILL\)$/, /whole output/],
  ])('exit code %i', async (exitCode, message, hint) => {
    await expect(rig({ outcome: 'exited', exitCode }).run()).rejects.toMatchObject({
      code: 'run-failed',
      message: expect.stringMatching(message),
      hint: expect.stringMatching(hint),
    });
  });

  test.each([
    ['1000', {}, "user 1000 may not write to the cache at /c, which is root's: --mount=type=cache,uid=1000,"],
    [
      'node:node',
      {},
      "user node may not write to the cache at /c, which is root's: --mount=type=cache,uid=<its number>,",
    ],
    ['', {}, undefined],
    ['0:5', {}, undefined],
    ['1000', { attributes: { uid: 1000, gid: 0, mode: 0o755 } }, undefined],
    ['1000', { attributes: { uid: 0, gid: 0, mode: 0o777 } }, undefined],
    ['1000', { attributes: { uid: 0, gid: 1000, mode: 0o775 } }, undefined],
    ['1000', { readOnly: true }, undefined],
  ] as const)('user %j that fails with a cache %j', async (user, more, hint) => {
    const cache = { type: 'cache', id: 'c', target: '/c', sharing: 'shared', readOnly: false } as const;
    const mount: RunMount = { ...cache, ...more };
    await expect(rig({ outcome: 'exited', exitCode: 1 }).run({ user, mounts: [mount] })).rejects.toMatchObject({
      hint: hint === undefined ? expect.stringMatching(/^the whole output/) : expect.stringContaining(hint),
    });
  });

  test.each([
    [{ id: 'f-1a2b3c' }, /step\.log; what it wrote is kept as f-1a2b3c$/],
    [{ reason: 'it holds a secret' }, /step\.log; what it wrote is not kept: it holds a secret$/],
  ])('what a failed one wrote is named', async (kept, hint) => {
    await expect(rig({ outcome: 'exited', exitCode: 1, kept }).run()).rejects.toMatchObject({
      hint: expect.stringMatching(hint),
    });
  });

  test('killed by somebody else', async () => {
    await expect(rig({ outcome: 'killed' }).run()).rejects.toMatchObject({ code: 'run-failed' });
  });
});
