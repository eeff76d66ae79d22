import { describe, expect, test } from 'vitest';
import type { MkdirOp, Vertex } from '../../src/graph/index.ts';
import type { OpDeps } from '../../src/ops/deps.ts';
import { mkdirOp } from '../../src/ops/mkdir-op.ts';
import { untimedStep } from '../rig/untimed.ts';

describe('WORKDIR as its first step', () => {
  const step = {
    signal: new AbortController().signal,
    output: () => undefined,
    warn: () => undefined,
    logsTo: () => undefined,
    ...untimedStep,
  };
  const prepare = (below: string, user: string) => {
    const op: MkdirOp = { kind: 'mkdir', path: '/w', user };
    const vertex = { op, inputs: [{ op: { kind: below } }], origin: { buildArgs: {} } } as unknown as Vertex<MkdirOp>;
    return mkdirOp({} as OpDeps).prepare(vertex, [{ kind: 'stack', layers: [] }], step);
  };

  test.each(['app', '1000:web'])('on scratch cannot look up USER %s', async (user) => {
    await expect(prepare('scratch', user)).rejects.toMatchObject({
      code: 'copy-invalid',
      message: expect.stringContaining(`USER ${user}`),
    });
  });

  test.each([
    ['scratch', ''],
    ['scratch', 'root'],
    ['scratch', '1000:1000'],
    ['image', 'app'],
  ])('on %s may have USER %j', async (below, user) => {
    await expect(prepare(below, user)).resolves.toMatchObject({ kind: 'step' });
  });
});
