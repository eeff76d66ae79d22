import { describe, expect, test } from 'vitest';
import type { CopyOp } from '../../../src/graph/index.ts';
import type { Tree } from '../../../src/image/toc/index.ts';
import { memoryTree } from './memory-tree.ts';
import { copy, copyOp, select } from './rig.ts';

const context = memoryTree({
  'a.txt': 'a',
  'ab.txt': 'ab',
  'c.md': 'c',
  '.hidden': 'h',
  'dir1/x1.log': '1',
  'dir1/sub/s1': 's1',
  'dir2/x2.log': '2',
  'dir2/sub/s2': 's2',
  'src/main.c': 'main',
  'src/README.md': 'md',
  'src/lib/': { mode: 0o750, uid: 3 },
  'src/lib/keep.c': 'k',
  'src/lib/lose.c': 'l',
  'src/lib/deep/x.h': 'x',
  dangling: { link: 'nowhere' },
});

const paths = async (sources: string[], more: Partial<CopyOp> = {}, tree: Tree = context) =>
  (await copy(copyOp(sources, '/d/', more), tree)).layer.entries.map(({ entry }) => entry.path.replace(/^d\/?/, ''));

describe('sources', () => {
  test.each<[string[], string[]]>([
    [['?.txt'], ['', 'a.txt']],
    [['*.txt'], ['', 'a.txt', 'ab.txt']],
    [['[^a].*'], ['', 'c.md']],
    [['.h*'], ['', '.hidden']],
    [['dir*/x?.log'], ['', 'x1.log', 'x2.log']],
    [['dir*'], ['', 'sub', 'sub/s1', 'sub/s2', 'x1.log', 'x2.log']],
    [['d*/sub'], ['', 's1', 's2']],
    [
      ['/a.txt', '../../ab.txt', './src/../c.md'],
      ['', 'a.txt', 'ab.txt', 'c.md'],
    ],
    [['/dir1/.'], ['', 'sub', 'sub/s1', 'x1.log']],
    [['dir1/*.none', '*.none', 'none*/*.x', 'a.txt/*'], []],
  ])('%j', async (sources, expected) => {
    expect(await paths(sources)).toEqual(expected);
  });

  test.each<[string[], string, string[]]>([
    [['*.md'], 'src', ['', 'lib', 'lib/deep', 'lib/deep/x.h', 'lib/keep.c', 'lib/lose.c', 'main.c']],
    [['lib'], 'src', ['', 'README.md', 'main.c']],
    [['lib', '!lib/keep.c'], 'src', ['', 'README.md', 'lib', 'lib/keep.c', 'main.c']],
    [['**/*.c', '**/*.md'], 'src', ['', 'lib', 'lib/deep', 'lib/deep/x.h']],
    [['/lib', '!/lib/keep.c'], 'src/lib', ['', 'deep', 'deep/x.h', 'keep.c', 'lose.c']],
    [['*.c'], 'src/*', ['', 'README.md', 'deep', 'deep/x.h', 'main.c']],
  ])('--exclude=%j of %s', async (excludes, source, expected) => {
    expect(await paths([source], { excludes })).toEqual(expected);
  });

  test.each<[string, string[]]>([
    ['src/main.c', ['', 'src', 'src/main.c']],
    ['src/./lib/keep.c', ['', 'lib', 'lib/keep.c']],
    ['src/*/keep.c', ['', 'src', 'src/lib', 'src/lib/keep.c']],
    ['src/**/*.h', ['', 'src', 'src/lib', 'src/lib/deep', 'src/lib/deep/x.h']],
    ['./src/./**/*.md', ['', 'README.md']],
    ['src/lib', ['', 'src', 'src/lib', 'src/lib/deep', 'src/lib/deep/x.h', 'src/lib/keep.c', 'src/lib/lose.c']],
    ['none/*.x', ['']],
    ['./none*/./*.x', []],
  ])('--parents %s', async (source, expected) => {
    expect(await paths([source], { parents: true })).toEqual(expected);
  });

  test.each(['none/*.x', 'dir1/none/*/x', 'dangling/*', '/none/?'])(
    '%s: what stands before the wildcard is not there',
    async (source) => {
      await expect(paths([source])).rejects.toMatchObject({ code: 'copy-source-missing' });
      await expect(paths([`${source}/./a`], { parents: true })).rejects.toMatchObject({ code: 'copy-source-missing' });
    },
  );

  test('--parents gives the parents the attributes of the source', async () => {
    const { layer } = await copy(copyOp(['src/lib/keep.c'], '/p/', { parents: true }), context);
    expect(layer.lines()).toContain('p/src/lib 750 3:0 directory');
  });

  test('files tell what was selected', async () => {
    const selection = await select(copyOp(['src'], '/d', { excludes: ['lib'] }), context);
    expect(Object.keys(selection.files ?? {})).toEqual(['src/README.md', 'src/main.c']);
    expect(selection.files?.['src/main.c']).toMatch(/^[0-9a-f]{16}:0644$/);
  });
});

describe('what is not there', () => {
  test.each([
    ['a.tx', 'did you mean "a.txt"?'],
    ['/src/mian.c', 'did you mean "/src/main.c"?'],
    ['A.TXT', 'did you mean "a.txt"?'],
    ['src/mian.c', 'did you mean "src/main.c"?'],
    ['scr/main.c', 'did you mean "src/main.c"?'],
    ['app/c.md', 'did you mean "c.md"?'],
    ['keep.c', 'did you mean "src/lib/keep.c"?'],
    ['app/lose.c', 'did you mean "src/lib/lose.c"?'],
    ['none.c', 'check the spelling'],
    ['../outside.txt', 'stops at its top'],
    ['dangling', 'a link leads to "nowhere", which is not there'],
  ])('%s: %s', async (source, hint) => {
    await expect(paths([source])).rejects.toMatchObject({
      code: 'copy-source-missing',
      message: expect.stringContaining(source),
      hint: expect.stringContaining(hint),
    });
  });

  test.each([['dangling'], ['dang*'], ['a.txt/x']])('%s is not found', async (source) => {
    await expect(paths([source])).rejects.toMatchObject({ code: 'copy-source-missing' });
  });

  test('a literal --parents', async () => {
    await expect(paths(['x/missing.txt'], { parents: true })).rejects.toMatchObject({ code: 'copy-source-missing' });
  });

  test('a pattern that is none', async () => {
    await expect(paths(['[a'])).rejects.toMatchObject({ code: 'copy-invalid' });
    await expect(paths(['src'], { excludes: ['['] })).rejects.toMatchObject({ code: 'copy-invalid' });
  });
});

describe('the digest', () => {
  const digest = async (files: Parameters<typeof memoryTree>[0], source = 'x') =>
    (await select(copyOp([source], '/d/'), memoryTree(files))).digest;
  const plain = { 'x/f': 'f', 'x/g/': {} };

  test.each<[string, Parameters<typeof memoryTree>[0]]>([
    ['content', { 'x/f': 'F', 'x/g/': {} }],
    ['mode', { 'x/f': { text: 'f', mode: 0o600 }, 'x/g/': {} }],
    ['owner', { 'x/f': { text: 'f', uid: 1 }, 'x/g/': {} }],
    ['name', { 'x/e': 'f', 'x/g/': {} }],
    ['type', { 'x/f': { link: 'f' }, 'x/g/': {} }],
    ['one more', { 'x/f': 'f', 'x/g/': {}, 'x/h': '' }],
    ['capability', { 'x/f': { text: 'f', xattrs: new Map([['security.capability', Buffer.from('x')]]) }, 'x/g/': {} }],
    ['mode of a directory', { 'x/f': 'f', 'x/g/': { mode: 0o700 } }],
  ])('moves with %s', async (_what, files) => {
    expect(await digest(files)).not.toBe(await digest(plain));
  });

  test.each<[string, Parameters<typeof memoryTree>[0], string]>([
    ['times', { 'x/f': { text: 'f', mtimeSec: 1 }, 'x/g/': { mtimeSec: 2 } }, 'x'],
    ['the name and mode of the directory itself', { 'y/': { mode: 0o700 }, 'y/f': 'f', 'y/g/': {} }, 'y'],
    ['other xattrs', { 'x/f': { text: 'f', xattrs: new Map([['user.x', Buffer.from('x')]]) }, 'x/g/': {} }, 'x'],
    ['what lies beside it', { ...plain, other: 'o' }, 'x/'],
    ['a link group of one', { 'x/f': { text: 'f', linkGroup: '9' }, 'x/g/': {} }, 'x'],
  ])('stays with %s', async (_what, files, source) => {
    expect(await digest(files, source)).toBe(await digest(plain));
  });

  test('hard links count, their group names do not', async () => {
    const group = (name: string) => ({ 'x/a': { text: 'a', linkGroup: name }, 'x/b': { text: 'a', linkGroup: name } });
    expect(await digest(group('1'))).toBe(await digest(group('2')));
    expect(await digest(group('1'))).not.toBe(await digest({ 'x/a': 'a', 'x/b': 'a' }));
  });
});

describe('facts', () => {
  const facts = async (base: Tree, dest = '/app/x/') =>
    JSON.stringify((await copy(copyOp(['src'], dest), context, base)).plan.facts);
  const base = { 'app/x/main.c': 'old', 'etc/passwd': '' };

  test('stay when the base differs elsewhere', async () => {
    expect(await facts(memoryTree({ ...base, 'usr/bin/new': 'x', 'app/x/other': 'y', 'app/x/main.c': 'older' }))).toBe(
      await facts(memoryTree(base)),
    );
    expect(await facts(memoryTree({ ...base, 'app/x/lib/': { mode: 0o700, uid: 4 } }))).toBe(
      await facts(memoryTree(base)),
    );
  });

  test.each<[string, Parameters<typeof memoryTree>[0]]>([
    ['the destination is not there', { 'etc/passwd': '' }],
    ['it belongs to somebody else', { ...base, 'app/x/': { uid: 5 } }],
    ['its parent has another mode', { ...base, 'app/': { mode: 0o700 } }],
    ['a link leads elsewhere', { 'app/x': { link: 'y' }, 'app/y/main.c': '' }],
  ])('move when %s', async (_what, other) => {
    expect(await facts(memoryTree(other))).not.toBe(await facts(memoryTree(base)));
  });
});
