import { describe, expect, test } from 'vitest';
import { resolvePath, TooManyLinks } from '../../../src/image/toc/index.ts';
import { memoryTree } from '../../ops/copy/memory-tree.ts';

const TREE = memoryTree({
  'a/b/file': 'text',
  abs: { link: '/a/b' },
  rel: { link: 'a/b' },
  'a/up': { link: '..' },
  'a/b/far': { link: '../../../../../a' },
  dangling: { link: 'nowhere/at/all' },
  'a/tofile': { link: 'b/file' },
  chain1: { link: 'chain2' },
  chain2: { link: 'chain3/' },
  chain3: { link: './a//b' },
  self: { link: 'self' },
  loop1: { link: 'loop2' },
  loop2: { link: '/loop1/x' },
  top: { link: '/' },
  dot: { link: '.' },
});

const through = { followLast: true };
const at = { followLast: false };

describe('resolvePath', () => {
  test.each([
    // path, options, where it leads, type, hops
    ['', through, '', 'directory', []],
    ['/', through, '', 'directory', []],
    ['a/b/file', through, 'a/b/file', 'file', []],
    ['/a//b/./file', through, 'a/b/file', 'file', []],
    ['a/b/', through, 'a/b', 'directory', []],
    ['a/b/..', through, 'a', 'directory', []],
    ['../../a', through, 'a', 'directory', []],
    ['abs/file', through, 'a/b/file', 'file', ['abs']],
    ['rel/file', through, 'a/b/file', 'file', ['rel']],
    ['rel', at, 'rel', 'symlink', []],
    ['rel/', at, 'rel', 'symlink', []],
    ['rel/.', at, 'rel', 'symlink', []],
    ['rel/file', at, 'a/b/file', 'file', ['rel']],
    ['rel/..', at, 'a', 'directory', ['rel']],
    ['a/up', through, '', 'directory', ['a/up']],
    ['a/up/rel', through, 'a/b', 'directory', ['a/up', 'rel']],
    ['a/b/far/b', through, 'a/b', 'directory', ['a/b/far']],
    ['abs/../up/a', through, 'a', 'directory', ['abs', 'a/up']],
    ['chain1/file', through, 'a/b/file', 'file', ['chain1', 'chain2', 'chain3']],
    ['chain1', through, 'a/b', 'directory', ['chain1', 'chain2', 'chain3']],
    ['top/a', through, 'a', 'directory', ['top']],
    ['dot/dot/a', through, 'a', 'directory', ['dot', 'dot']],
    ['dangling', through, 'nowhere/at/all', undefined, ['dangling']],
    ['dangling', at, 'dangling', 'symlink', []],
    ['dangling/more', through, 'nowhere/at/all/more', undefined, ['dangling']],
    ['missing/../a', through, 'a', 'directory', []],
    ['missing/x', through, 'missing/x', undefined, []],
    ['a/b/file/below', through, 'a/b/file/below', undefined, []],
    ['a/tofile/..', through, 'a/b', 'directory', ['a/tofile']],
    ['self', at, 'self', 'symlink', []],
  ] as const)('%j %j is %j', (path, options, leads, type, hops) => {
    const resolved = resolvePath(TREE, path, options);
    expect([resolved.path, resolved.entry?.type, resolved.hops]).toEqual([leads, type, hops]);
  });

  test.each(['self', 'self/x', 'loop1', 'loop2/y'])('%s never ends', (path) => {
    expect(() => resolvePath(TREE, path, through)).toThrow(TooManyLinks);
  });

  test('255 links are followed, 256 are not', () => {
    const chain = (length: number) =>
      memoryTree(
        Object.fromEntries([...Array(length).keys()].map((index) => [`l${index}`, { link: `l${index + 1}` }])),
      );
    expect(resolvePath(chain(255), 'l0', through).path).toBe('l255');
    expect(() => resolvePath(chain(256), 'l0', through)).toThrow(TooManyLinks);
  });
});
