import { expect, test } from 'vitest';
import type { Definition } from '../../src/graph/index.ts';
import { ignoredCaches } from '../../src/session/ignored-caches.ts';

test('the ids of cache mounts of RUNs that ignore the cache, each once', () => {
  const run = (ignoreCache: boolean, ...ids: readonly string[]) => ({
    op: { kind: 'run', mounts: [{ type: 'tmpfs' }, ...ids.map((id) => ({ type: 'cache', id }))] },
    origin: { ignoreCache },
  });
  const copy = { op: { kind: 'copy' }, origin: { ignoreCache: true } };
  const vertices = [copy, run(false, 'kept'), run(true, 'a', 'b'), run(true, 'b')];
  expect(ignoredCaches({ vertices } as unknown as Definition)).toEqual(['a', 'b']);
});
