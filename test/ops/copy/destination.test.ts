import { describe, expect, test } from 'vitest';
import type { CopyOp } from '../../../src/graph/index.ts';
import { memoryTree } from './memory-tree.ts';
import { copy, copyOp } from './rig.ts';

const context = memoryTree({
  'a.txt': 'a',
  'b.txt': 'b',
  'run.sh': { text: '#!', mode: 0o755 },
  'tree/': { mode: 0o700 },
  'tree/sub/': { mode: 0o750 },
  'tree/sub/y.txt': 'y',
  filelink: { link: 'a.txt' },
  dirlink: { link: 'tree/sub' },
  empty: { type: 'directory', mode: 0o750 },
});

const base = memoryTree({
  'dst/private/': { mode: 0o700, uid: 1234, gid: 2345 },
  'dst/real/inner.txt': 'inner',
  'dst/real/sub/': { mode: 0o711, uid: 33, gid: 33 },
  'dst/real/sub/deep.txt': 'deep',
  'dst/abs-link': { link: '/dst/real' },
  'dst/rel-link': { link: 'real' },
  'dst/chain': { link: 'rel-link' },
  'dst/dangling': { link: '/dst/made-by-link' },
  'dst/escape': { link: '../../../../dst/real' },
  'dst/loop-a': { link: 'loop-b' },
  'dst/loop-b': { link: 'loop-a' },
  'dst/file.txt': 'original',
  'dst/filelink': { link: 'file.txt' },
  lib: { link: 'usr/lib' },
  'usr/lib/x': 'x',
  'etc/passwd': 'root:x:0:0::/:\napp:x:1234:2345::/:\nworker:x:1500:3456::/:\n',
  'etc/group': 'root:x:0:\napp:x:2345:\ndata:x:3456:\n',
});

const linesOf = async (sources: readonly string[], dest: string, more: Partial<CopyOp> = {}) =>
  (await copy(copyOp(sources, dest, more), context, base)).layer.lines();

describe('destinations', () => {
  test.each<[string, string[], string, string[]]>([
    ['a file name', ['a.txt'], '/renamed', ['renamed 644 0:0 "a"']],
    [
      'a new directory',
      ['a.txt'],
      '/new/dir/',
      ['new 755 0:0 directory', 'new/dir 755 0:0 directory', 'new/dir/a.txt 644 0:0 "a"'],
    ],
    ['a trailing /.', ['a.txt'], '/d2/.', ['d2 755 0:0 directory', 'd2/a.txt 644 0:0 "a"']],
    ['several without a slash: the last wins', ['a.txt', 'b.txt'], '/nodir', ['nodir 644 0:0 "b"']],
    [
      'an existing directory keeps its attributes',
      ['a.txt'],
      '/dst/private',
      ['dst 755 0:0 directory', 'dst/private 700 1234:2345 directory', 'dst/private/a.txt 644 0:0 "a"'],
    ],
    [
      'contents of a directory, which is made 0755',
      ['tree'],
      '/t',
      ['t 755 0:0 directory', 't/sub 750 0:0 directory', 't/sub/y.txt 644 0:0 "y"'],
    ],
    [
      'nested directories take the attributes of the source',
      ['tree'],
      '/dst/real',
      [
        'dst 755 0:0 directory',
        'dst/real 755 0:0 directory',
        'dst/real/sub 750 0:0 directory',
        'dst/real/sub/y.txt 644 0:0 "y"',
      ],
    ],
    [
      'absolute links',
      ['a.txt'],
      '/dst/abs-link/one',
      ['dst 755 0:0 directory', 'dst/real 755 0:0 directory', 'dst/real/one 644 0:0 "a"'],
    ],
    [
      'chained links',
      ['b.txt'],
      '/dst/chain/',
      ['dst 755 0:0 directory', 'dst/real 755 0:0 directory', 'dst/real/b.txt 644 0:0 "b"'],
    ],
    [
      'escaping links',
      ['a.txt'],
      '/dst/escape/e',
      ['dst 755 0:0 directory', 'dst/real 755 0:0 directory', 'dst/real/e 644 0:0 "a"'],
    ],
    [
      'a dangling link to a directory',
      ['a.txt'],
      '/dst/dangling/',
      ['dst 755 0:0 directory', 'dst/made-by-link 755 0:0 directory', 'dst/made-by-link/a.txt 644 0:0 "a"'],
    ],
    [
      'a dangling link to a file',
      ['a.txt'],
      '/dst/dangling',
      ['dst 755 0:0 directory', 'dst/made-by-link 644 0:0 "a"'],
    ],
    [
      'a link to a file is written through',
      ['a.txt'],
      '/dst/filelink',
      ['dst 755 0:0 directory', 'dst/file.txt 644 0:0 "a"'],
    ],
    [
      'a link met by its name in the directory is replaced',
      ['filelink'],
      '/dst/',
      ['dst 755 0:0 directory', 'dst/filelink 644 0:0 "a"'],
    ],
    [
      'a root directory that is a link',
      ['a.txt'],
      '/lib/',
      ['usr 755 0:0 directory', 'usr/lib 755 0:0 directory', 'usr/lib/a.txt 644 0:0 "a"'],
    ],
    ['an empty directory', ['empty'], '/ed', ['ed 755 0:0 directory']],
    [
      'links of the argument are followed',
      ['dirlink', 'filelink'],
      '/l/',
      ['l 755 0:0 directory', 'l/filelink 644 0:0 "a"', 'l/y.txt 644 0:0 "y"'],
    ],
    ['the root', ['tree'], '/', ['sub 750 0:0 directory', 'sub/y.txt 644 0:0 "y"']],
    ['no match, no layer', ['*.none'], '/none/', []],
  ])('%s', async (_title, sources, dest, expected) => {
    expect(await linesOf(sources, dest)).toEqual(expected);
  });

  test('a file over a base file needs its parents only', async () => {
    expect(await linesOf(['b.txt'], '/dst/file.txt')).toEqual(['dst 755 0:0 directory', 'dst/file.txt 644 0:0 "b"']);
  });

  test('times: a directory that nothing dates is as old as the copy, and leaves the time of one that is there', async () => {
    const source = memoryTree({ '/': { isImplied: true }, 'made/': { isImplied: true }, 'made/f': 'f' });
    const { layer } = await copy(copyOp(['/'], '/n/'), source);
    expect(layer.entries.map(({ entry }) => [entry.path, entry.mtimeSec])).toEqual([
      ['n', 1_500_000_000],
      ['n/made', 1_500_000_000],
      ['n/made/f', 1_600_000_000],
    ]);
    const over = await copy(copyOp(['/'], '/there'), source, memoryTree({ 'there/': { mtimeSec: 7 } }));
    expect(over.layer.entries[0]?.entry).toMatchObject({ path: 'there', mtimeSec: 7 });
  });

  test('times: of the source, of the epoch where the copy makes directories itself', async () => {
    const { layer } = await copy(copyOp(['a.txt', 'tree'], '/n/d/'), context, base);
    expect(layer.entries.map(({ entry }) => [entry.path, entry.mtimeSec])).toEqual([
      ['n', 1_500_000_000],
      ['n/d', 1_600_000_000],
      ['n/d/a.txt', 1_600_000_000],
      ['n/d/sub', 1_600_000_000],
      ['n/d/sub/y.txt', 1_600_000_000],
    ]);
  });

  test.each<[string, string[], string, RegExp]>([
    ['directory over file', ['tree'], '/dst/file.txt', /dst\/file\.txt/],
    ['parent is a file', ['a.txt'], '/dst/file.txt/x', /dst\/file\.txt/],
    ['loop', ['a.txt'], '/dst/loop-a/x', /too many symbolic links/],
  ])('%s is refused', async (_title, sources, dest, message) => {
    await expect(linesOf(sources, dest)).rejects.toMatchObject({
      code: 'copy-conflict',
      message: expect.stringMatching(message),
    });
  });

  test('names that mean whiteouts, and paths that no system can open', async () => {
    await expect(copy(copyOp(['.'], '/d/'), memoryTree({ 'a/.wh.b': 'x' }))).rejects.toMatchObject({
      code: 'copy-invalid',
      message: expect.stringContaining('/d/a/.wh.b'),
    });
    await expect(linesOf(['a.txt'], '/a'.repeat(3000))).rejects.toMatchObject({ code: 'copy-invalid' });
  });

  test('a file over a directory, and a directory over a link, inside a merged tree', async () => {
    await expect(copy(copyOp(['t'], '/dst'), memoryTree({ 't/real': 'x' }), base)).rejects.toMatchObject({
      code: 'copy-conflict',
      message: expect.stringContaining('/dst/real'),
    });
    await expect(copy(copyOp(['t'], '/'), memoryTree({ 't/lib/x': 'x' }), base)).rejects.toMatchObject({
      code: 'copy-conflict',
      message: expect.stringContaining('/lib'),
    });
  });
});

describe('flags', () => {
  test.each<[string, string[]]>([
    ['1234', ['1234:1234']],
    ['1234:3456', ['1234:3456']],
    ['app', ['1234:2345']],
    ['app:data', ['1234:3456']],
    ['worker', ['1500:3456']],
    ['root:app', ['0:2345']],
    ['77:app', ['77:2345']],
    ['app:', ['1234:0']],
    [':data', ['0:3456']],
    ['ghost', ['0:0']],
    ['ghost:phantom', ['0:0']],
    ['app:phantom', ['1234:2345']],
    ['+77:+78', ['77:78']],
    ['000000000000077', ['77:77']],
    ['2147483647', ['2147483647:2147483647']],
    ['2147483648', ['0:0']],
    ['77:', ['77:0']],
    [':app', ['0:2345']],
    ['77:-1', ['77:0']],
    ['-2', ['4294967294:4294967294']],
    ['-2147483649', ['0:0']],
  ])('--chown=%s', async (chown, [owner]) => {
    expect(await linesOf(['a.txt'], '/c/f', { chown })).toEqual([`c 755 ${owner} directory`, `c/f 644 ${owner} "a"`]);
  });

  test.each<[string, Partial<CopyOp>, string[]]>([
    ['files', {}, ['shared/x 2755 0:50 directory', 'shared/x/y 2755 0:50 directory', 'shared/x/y/a.txt 644 0:0 "a"']],
    [
      'the mode of --chmod',
      { chmod: '700' },
      ['shared/x 2700 0:50 directory', 'shared/x/y 2700 0:50 directory', 'shared/x/y/a.txt 700 0:0 "a"'],
    ],
    [
      'the owner of --chown',
      { chown: '5:6' },
      ['shared/x 2755 5:6 directory', 'shared/x/y 2755 5:6 directory', 'shared/x/y/a.txt 644 5:6 "a"'],
    ],
  ])('directories that a set-group-id directory gets take its group and the bit: %s', async (_, more, expected) => {
    const shared = memoryTree({ 'shared/': { mode: 0o2775, gid: 50 } });
    const copied = await copy(copyOp(['a.txt'], '/shared/x/y/', more), context, shared);
    expect(copied.layer.lines()).toEqual(['shared 2775 0:50 directory', ...expected]);
  });

  test('directories that are copied into a set-group-id directory keep their own', async () => {
    const shared = memoryTree({ 'shared/': { mode: 0o2775, gid: 50 } });
    const copied = await copy(copyOp(['tree'], '/shared/new', {}), context, shared);
    expect(copied.layer.lines()).toEqual([
      'shared 2775 0:50 directory',
      'shared/new 2755 0:50 directory',
      'shared/new/sub 750 0:0 directory',
      'shared/new/sub/y.txt 644 0:0 "y"',
    ]);
  });

  test.each<[string, string, string[]]>([
    [
      '2750',
      'tree',
      ['x 750 0:0 directory', 'x/y 750 0:0 directory', 'x/y/sub 2750 0:0 directory', 'x/y/sub/y.txt 2750 0:0 "y"'],
    ],
    [
      'u=rwX,go=rX',
      'tree',
      ['x 755 0:0 directory', 'x/y 755 0:0 directory', 'x/y/sub 755 0:0 directory', 'x/y/sub/y.txt 644 0:0 "y"'],
    ],
    ['0', 'a.txt', ['x 0 0:0 directory', 'x/y 0 0:0 "a"']],
  ])('--chmod=%s of %s', async (chmod, source, expected) => {
    expect(await linesOf([source], '/x/y', { chmod })).toEqual(expected);
  });

  test('--link copies onto nothing: links are not followed, existing directories are not asked', async () => {
    expect(await linesOf(['a.txt'], '/dst/rel-link/', { link: true, chown: '5:6' })).toEqual([
      'dst 755 5:6 directory',
      'dst/rel-link 755 5:6 directory',
      'dst/rel-link/a.txt 644 5:6 "a"',
    ]);
    expect(await linesOf(['b.txt'], '/dst/filelink', { link: true })).toEqual([
      'dst 755 0:0 directory',
      'dst/filelink 644 0:0 "b"',
    ]);
    expect(await linesOf(['b.txt'], '/x', { link: true, chown: '5:' })).toEqual(['x 644 5:0 "b"']);
    await expect(linesOf(['b.txt'], '/x', { link: true, chown: 'app' })).rejects.toMatchObject({
      code: 'copy-invalid',
    });
  });

  test('--link with --chmod is an ordinary copy', async () => {
    expect(await linesOf(['a.txt'], '/dst/filelink', { link: true, chmod: '600' })).toEqual([
      'dst 755 0:0 directory',
      'dst/file.txt 600 0:0 "a"',
    ]);
  });

  test('owners of a stage are kept, capabilities too, other attributes are not', async () => {
    const xattrs = new Map([
      ['security.capability', Buffer.from('01', 'hex')],
      ['user.note', Buffer.from('x')],
    ]);
    const { layer } = await copy(
      copyOp(['f'], '/f'),
      memoryTree({ f: { text: 'f', uid: 7, gid: 8, mode: 0o4755, xattrs } }),
    );
    expect(layer.entries[0]?.entry).toMatchObject({ uid: 7, gid: 8, mode: 0o4755 });
    expect([...(layer.entries[0]?.entry.xattrs.keys() ?? [])]).toEqual(['security.capability']);
  });

  test('devices and FIFOs are made again, block devices as character devices', async () => {
    const devices = memoryTree({
      'd/b': { type: 'block', devMajor: 7, devMinor: 3, mode: 0o660 },
      'd/c': { type: 'character', devMajor: 1, devMinor: 5 },
      'd/p': { type: 'fifo' },
    });
    const { layer } = await copy(copyOp(['d', 'd/b'], '/to/'), devices);
    expect(layer.entries.map(({ entry }) => [entry.path, entry.type, entry.devMajor, entry.devMinor])).toEqual([
      ['to', 'directory', 0, 0],
      ['to/b', 'character', 7, 3],
      ['to/c', 'character', 1, 5],
      ['to/p', 'fifo', 0, 0],
    ]);
  });

  test('hard links stay links within a source, not across sources', async () => {
    const linked = memoryTree({
      'h/a': { text: 'x', linkGroup: '1' },
      'h/b': { text: 'x', linkGroup: '1' },
      'h/sub/c': { text: 'x', linkGroup: '1' },
    });
    expect((await copy(copyOp(['h'], '/h'), linked)).layer.lines()).toEqual([
      'h 755 0:0 directory',
      'h/a 644 0:0 "x"',
      'h/b 644 0:0 = h/a',
      'h/sub 755 0:0 directory',
      'h/sub/c 644 0:0 = h/a',
    ]);
    expect((await copy(copyOp(['h/a', 'h/b'], '/two/'), linked)).layer.lines()).toEqual([
      'two 755 0:0 directory',
      'two/a 644 0:0 "x"',
      'two/b 644 0:0 "x"',
    ]);
  });

  test('a heredoc is a file of its name, dated by the epoch', async () => {
    const op = copyOp(['a.txt', { kind: 'inline', name: 'inline.txt', content: 'hé\n' }], '/mixed/');
    const bytes = copyOp([{ kind: 'inline', name: 'b', content: '\xff\n', encoding: 'latin1' }], '/b');
    expect((await copy(bytes, context)).layer.entries[0]?.entry.size).toBe(2);
    const { layer } = await copy(op, context);
    expect(layer.lines()).toEqual([
      'mixed 755 0:0 directory',
      'mixed/a.txt 644 0:0 "a"',
      'mixed/inline.txt 644 0:0 "hé\\n"',
    ]);
    expect(layer.entries[2]?.entry.mtimeSec).toBe(1_500_000_000);
  });
});
