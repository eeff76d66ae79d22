import { expect, test } from 'vitest';
import type { ContentID, LayerRef } from '../../../cache/index.ts';
import type { OpDeps } from '../../../src/ops/deps.ts';
import { recallLeaks, rememberLeaks } from '../../../src/ops/run/leaks.ts';
import type { StepContext } from '../../../src/solver/index.ts';
import type { SecretLeak } from '../../../src/worker/protocol.ts';

function rig(secretLeak: SecretLeak | undefined) {
  const kept = new Map<string, string>();
  const memo: OpDeps['memo'] = {
    get: (namespace, key) => kept.get(`${namespace} ${key}`),
    put: (namespace, key, value) => void kept.set(`${namespace} ${key}`, value),
  };
  const layer = { contentID: 'one' as ContentID } as LayerRef;
  rememberLeaks([{ id: 'token', paths: ['/root/.npmrc'] }], { layer, memo });
  const warnings: string[] = [];
  const step = { warn: (message: string) => void warnings.push(message) } as unknown as StepContext;
  const deps = { memo, runEnvironment: { secretLeak } } as unknown as OpDeps;
  const other = { contentID: 'other' as ContentID } as LayerRef;
  return { recall: () => recallLeaks([other, layer], { step, deps }), warnings };
}

test('a cached layer that holds a secret is told of again', () => {
  const { recall, warnings } = rig(undefined);
  recall();
  expect(warnings).toEqual([expect.stringContaining('holds secret token: /root/.npmrc')]);
});

test('it is an error where no layer may hold one, and nothing where nobody looks', () => {
  expect(rig('error').recall).toThrow(expect.objectContaining({ code: 'secret-leaked' }));
  const off = rig('off');
  off.recall();
  expect(off.warnings).toEqual([]);
});
