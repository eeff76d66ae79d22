import { describe, expect, test } from 'vitest';
import { digestOf } from '../../../cache/index.ts';
import type { CopyOp } from '../../../src/graph/index.ts';
import type { TarEntry } from '../../../src/image/archive/index.ts';
import { planCopy, type Selection, writeCopy } from '../../../src/ops/copy/index.ts';
import { makeSelection } from '../../../src/ops/copy/select.ts';
import type { RelPath } from '../../../src/util/rel-path.ts';
import { MemoryLayer, memoryTree } from './memory-tree.ts';
import { copyOp, SCRATCH } from './rig.ts';

type Given = Partial<Omit<TarEntry, 'path' | 'size'>> & { readonly path: string; readonly text?: string };

function archiveOf(...entries: Given[]): Selection {
  const spooled = entries.map(({ path, text = '', ...more }) => {
    const type = more.type ?? 'file';
    const entry: TarEntry = {
      path: path as RelPath,
      type,
      mode: type === 'directory' ? 0o755 : 0o644,
      uid: 0,
      gid: 0,
      size: Buffer.byteLength(text),
      mtimeSec: 1_600_000_000,
      mtimeNsec: 0,
      link: '',
      devMajor: 0,
      devMinor: 0,
      xattrs: new Map(),
      ...more,
    };
    return { entry, read: (sink: (chunk: Uint8Array) => void) => sink(Buffer.from(text)) };
  });
  return makeSelection([
    {
      kind: 'archive',
      name: 'a.tar',
      path: 'a.tar' as RelPath,
      digest: digestOf('tar'),
      unpacked: { entries: spooled, digest: digestOf('tar') },
    },
  ]);
}

const top: Given[] = [
  { path: 'top', type: 'directory', mode: 0o750, uid: 11, gid: 22, mtimeSec: 1_111_111_111 },
  { path: 'top/file', text: 'file', mode: 0o640, uid: 1234, gid: 2345 },
  { path: 'top/suid', text: 's', mode: 0o4755 },
  { path: 'top/hard', type: 'hardlink', link: 'top/file' },
  { path: 'top/sym', type: 'symlink', link: 'file', mode: 0o777 },
  { path: 'noparent/x/y', text: 'y' },
];

function add(selection: Selection, dest: string, more: Partial<CopyOp> = {}, base = SCRATCH) {
  const plan = planCopy(copyOp([], dest, { instruction: 'ADD', ...more }), selection, base);
  const layer = new MemoryLayer();
  expect(writeCopy(plan, layer.asWriter())).toBe(selection.digest);
  return { plan, layer };
}

describe('unpacking', () => {
  test('a hard link takes its own header’s attributes along; parents that are missing are root’s', () => {
    const { layer } = add(archiveOf(...top), '/a/');
    expect(layer.lines()).toEqual([
      'a 755 0:0 directory',
      'a/noparent 755 0:0 directory',
      'a/noparent/x 755 0:0 directory',
      'a/noparent/x/y 644 0:0 "y"',
      'a/top 750 11:22 directory',
      'a/top/file 644 0:0 "file"',
      'a/top/hard 644 0:0 = a/top/file',
      'a/top/suid 4755 0:0 "s"',
      'a/top/sym 777 0:0 → file',
    ]);
    expect(layer.entries.find(({ entry }) => entry.path === 'a/top')?.entry.mtimeSec).toBe(1_111_111_111);
  });

  test('times that Go cannot hold in nanoseconds, and those before 1970, are 1970', () => {
    const times = [-1, 9_223_372_036, 9_223_372_037].map((mtimeSec, at) => ({ path: `f${at}`, text: '', mtimeSec }));
    const { layer } = add(archiveOf(...times), '/a');
    expect(layer.entries.slice(1).map(({ entry }) => entry.mtimeSec)).toEqual([0, 9_223_372_036, 0]);
  });

  test('--chown is for the entries and the destination, --chmod for nothing', () => {
    const lines = add(archiveOf(...top), '/a', { chown: '5:6', chmod: '0777' }).layer.lines();
    expect(lines).toContain('a 755 5:6 directory');
    expect(lines).toContain('a/noparent 755 0:0 directory');
    expect(lines).toContain('a/noparent/x/y 644 5:6 "y"');
    expect(lines).toContain('a/top 750 5:6 directory');
  });

  const shared = (mode: number) => memoryTree({ 'shared/': { mode, gid: 50 } });

  test('a parent that is missing takes the group of a set-group-id directory, the destination the bit as well', () => {
    const entries = archiveOf({ path: 'x/y/f' }, { path: 's', type: 'directory' });
    expect(add(entries, '/shared/', {}, shared(0o2775)).layer.lines()).toEqual([
      'shared 2775 0:50 directory',
      'shared/s 755 0:0 directory',
      'shared/x 755 0:50 directory',
      'shared/x/y 755 0:0 directory',
      'shared/x/y/f 644 0:0 ""',
    ]);
    expect(add(entries, '/shared/d/', {}, shared(0o2775)).layer.lines()).toContain('shared/d 2755 0:50 directory');
  });

  test('which group was handed on is a fact, also where an entry then replaces that directory’s attributes', () => {
    const entries = archiveOf({ path: 'shared/x/f' }, { path: 'shared', type: 'directory' });
    const facts = (mode: number) => add(entries, '/', {}, shared(mode)).plan.facts;
    expect(facts(0o2775)).not.toEqual(facts(0o775));
  });

  const base = memoryTree({
    'dst/file.txt': 'old',
    'dst/real/inner': 'inner',
    'dst/real/': { mode: 0o711 },
    'dst/filelink': { link: 'file.txt' },
    'dst/out': { link: '/etc' },
    'dst/in': { link: 'real' },
    'etc/passwd': 'p',
  });

  test('over existing content: files and links are replaced, directories merged', () => {
    const { layer } = add(
      archiveOf(
        { path: 'file.txt', text: 'tar' },
        { path: 'real', type: 'directory', mode: 0o700, uid: 9 },
        { path: 'real/tar', text: 't' },
        { path: 'filelink', text: 'f' },
      ),
      '/dst/',
      {},
      base,
    );
    expect(layer.lines()).toEqual([
      'dst 755 0:0 directory',
      'dst/file.txt 644 0:0 "tar"',
      'dst/filelink 644 0:0 "f"',
      'dst/real 700 9:0 directory',
      'dst/real/tar 644 0:0 "t"',
    ]);
    expect(layer.opaques).toEqual([]);
    expect(layer.over(base).get('dst/real/inner')?.content).toBe('inner');
  });

  test('a directory replaces a link, also one to a directory', () => {
    const { layer } = add(
      archiveOf({ path: 'in', type: 'directory', uid: 9 }, { path: 'in/x', text: 'x' }),
      '/dst',
      {},
      base,
    );
    expect(layer.lines()).toEqual(['dst 755 0:0 directory', 'dst/in 755 9:0 directory', 'dst/in/x 644 0:0 "x"']);
  });

  test('of several headers of a directory the last one counts', () => {
    const { layer } = add(
      archiveOf(
        { path: 'd', type: 'directory', mtimeSec: 5 },
        { path: 'd/x', text: 'x' },
        { path: 'd', type: 'directory', mode: 0o700, mtimeSec: 7 },
      ),
      '/',
    );
    expect(layer.entries.find(({ entry }) => entry.path === 'd')?.entry).toMatchObject({ mode: 0o700, mtimeSec: 7 });
  });

  test('a hard link to a symlink takes the owner of its own header along, and no mode', () => {
    const { layer } = add(
      archiveOf(
        { path: 's', type: 'symlink', link: 'q', mode: 0o755, uid: 3, mtimeSec: 5 },
        { path: 'h', type: 'hardlink', link: 's', uid: 9, gid: 8, mtimeSec: 7 },
      ),
      '/a',
    );
    expect(layer.lines()).toEqual(['a 755 0:0 directory', 'a/h 777 9:8 → q', 'a/s 777 9:8 = a/h']);
    expect(layer.entries.find(({ entry }) => entry.path === 'a/h')?.entry.mtimeSec).toBe(5);
  });

  test('links lead nowhere out of the destination', () => {
    const { layer } = add(
      archiveOf(
        { path: 'etc', type: 'directory' },
        { path: 'out/passwd', text: 'evil' },
        { path: 'in/x', text: 'x' },
        { path: 'up', type: 'symlink', link: '../../etc' },
        { path: 'up/shadow', text: 'evil' },
      ),
      '/dst',
      {},
      base,
    );
    expect(layer.lines().filter((line) => line.includes('"'))).toEqual([
      'dst/etc/passwd 644 0:0 "evil"',
      'dst/etc/shadow 644 0:0 "evil"',
      'dst/real/x 644 0:0 "x"',
    ]);
  });

  test.each(['dang/x', 'dang/a/b/x', 'in/dang/x'])('%s, through a link to nothing, is refused', (path) => {
    const links = archiveOf(
      { path: 'dang', type: 'symlink', link: 'none' },
      { path: 'in/dang', type: 'symlink', link: '../../none' },
      { path, text: 'x' },
    );
    expect(() => add(links, '/dst', {}, base)).toThrow(expect.objectContaining({ code: 'copy-conflict' }));
  });

  test('a directory of the base that a file replaced hides what the base has when it comes back', () => {
    const { layer } = add(
      archiveOf({ path: 'real', text: 'file' }, { path: 'real', type: 'directory' }, { path: 'real/new', text: 'n' }),
      '/dst',
      {},
      base,
    );
    expect(layer.opaques).toEqual(['dst/real']);
    expect([...layer.over(base).keys()].filter((path) => path.startsWith('dst/real/'))).toEqual(['dst/real/new']);
  });

  test('a file that replaces a directory takes away what was unpacked into it', () => {
    const { layer } = add(archiveOf({ path: 'd/x', text: 'x' }, { path: 'd', text: 'file' }), '/a');
    expect(layer.lines()).toEqual(['a 755 0:0 directory', 'a/d 644 0:0 "file"']);
  });

  test('a hard link to a file of the base brings it into the layer', () => {
    const { layer, plan } = add(
      archiveOf({ path: 'again', type: 'hardlink', link: 'file.txt', uid: 4 }),
      '/dst',
      {},
      base,
    );
    expect(layer.lines()).toEqual([
      'dst 755 0:0 directory',
      'dst/again 644 4:0 "old"',
      'dst/file.txt 644 4:0 = dst/again',
    ]);
    expect(JSON.stringify(plan.facts)).toContain(digestOf('old'));
  });

  test('a hard link to nothing is refused', () => {
    expect(() => add(archiveOf({ path: 'x', type: 'hardlink', link: 'none' }), '/a')).toThrow(
      expect.objectContaining({ code: 'copy-conflict' }),
    );
  });
});
