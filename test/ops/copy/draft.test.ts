import { expect, test } from 'vitest';
import { type Inode, LayerDraft } from '../../../src/ops/copy/draft.ts';
import { type RelPath, relPath, TOP } from '../../../src/util/rel-path.ts';
import { memoryTree } from './memory-tree.ts';

const DIRECTORY: Inode = {
  type: 'directory',
  mode: 0o755,
  uid: 0,
  gid: 0,
  mtimeSec: 0,
  mtimeNsec: 0,
  size: 0,
  link: '',
  devMajor: 0,
  devMinor: 0,
  xattrs: new Map(),
};
const LINK: Inode = { ...DIRECTORY, type: 'symlink', link: 'x' };

function draftOf(directories: readonly RelPath[]): LayerDraft {
  const draft = new LayerDraft(memoryTree({}));
  draft.put(TOP, DIRECTORY);
  for (const dir of directories) draft.put(dir, DIRECTORY);
  return draft;
}

test('what takes a directory’s place takes away all below it, also what came later, and nothing beside it', () => {
  const draft = draftOf(['a', 'a/b', 'a/b/c', 'a-b', 'd', 'd/e'].map(relPath));
  for (const round of [1, 2]) {
    draft.put(relPath('a'), LINK);
    expect([...draft.names()].map(({ path }) => path)).toEqual(['', 'a', 'a-b', 'd', 'd/e']);
    draft.put(relPath('a'), DIRECTORY);
    draft.put(relPath(`a/later-${round}`), DIRECTORY);
  }
});

test('an archive that replaces each of its directories costs no time that grows with their square', () => {
  const directories = Array.from({ length: 100_000 }, (_, index) => relPath(`d${index}`));
  const draft = draftOf(directories);
  for (const dir of directories) draft.put(dir, LINK);
  expect([...draft.names()].filter(({ isDirectory }) => isDirectory)).toHaveLength(1);
});
