import { expect, test } from 'vitest';
import { sourceMissing } from '../../../src/ops/copy/missing.ts';
import { memoryTree } from './memory-tree.ts';

test('what a link leads to may be excluded', () => {
  const rule = { file: '.dockerignore', line: 3, pattern: 'keys' };
  const excludedBy = (path: string) => (path === 'keys/one' ? rule : undefined);
  const tree = Object.assign(memoryTree({ key: { link: 'keys/one' } }), { excludedBy });
  const { hint } = sourceMissing(tree, 'key', { code: 'copy-source-missing', name: 'COPY source' });
  expect(hint).toBe('a link leads to "keys/one", which .dockerignore:3 excludes ("keys")');
});
