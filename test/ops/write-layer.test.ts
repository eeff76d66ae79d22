import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { LayerFiles } from '../../src/image/layer/index.ts';
import type { OpDeps } from '../../src/ops/deps.ts';
import { stackPart } from '../../src/ops/run/binds.ts';
import { tempDir } from '../rig/layers.ts';
import { openFiles } from '../rig/open-files.ts';
import { memoryTree } from './copy/memory-tree.ts';

test('a layer that cannot be written to its end leaves nothing, neither on the disk nor open', async () => {
  using dir = tempDir();
  const files = { tarPath: join(dir.path, 'tar'), tocPath: join(dir.path, 'toc') };
  const publishLayer = ((write: (to: LayerFiles) => unknown) => write(files)) as unknown as OpDeps['publishLayer'];
  const tree = {
    ...memoryTree({ a: 'first', b: 'second' }),
    read: () => {
      throw new Error('the file is gone');
    },
  };
  const written = stackPart({ input: 0, source: '/', target: '/src' }, [{ kind: 'tree', tree }], {
    deps: { publishLayer } as OpDeps,
    signal: new AbortController().signal,
  });
  await expect(written).rejects.toThrow('the file is gone');
  expect(openFiles(dir.path)).toEqual([]);
  expect(Object.values(files).filter(existsSync)).toEqual([]);
});
