import { describe, expect, test } from 'vitest';
import { bindContent, planBind, planMkdir, writeCopy, writeMkdir } from '../../../src/ops/copy/index.ts';
import { MemoryLayer, memoryTree } from './memory-tree.ts';

const base = memoryTree({
  'srv/': { mode: 0o700, uid: 3 },
  link: { link: 'srv' },
  file: 'x',
  'shared/': { mode: 0o2770, uid: 1, gid: 50 },
  'etc/passwd': 'app:x:1234:2345::/:\n',
  'etc/group': 'data:x:3456:\n',
});

describe('WORKDIR', () => {
  const made = (path: string, user = '') => {
    const layer = new MemoryLayer();
    writeMkdir(planMkdir({ kind: 'mkdir', path, user, epoch: 7 }, base), layer.asWriter());
    return layer;
  };

  test.each<[string, string, string[]]>([
    ['/a/b', '', ['a 755 0:0 directory', 'a/b 755 0:0 directory']],
    ['/srv', '', []],
    ['/link', '', []],
    ['/link/x', 'app', ['srv 700 3:0 directory', 'srv/x 755 1234:2345 directory']],
    ['/shared/x', '', ['shared 2770 1:50 directory', 'shared/x 2755 0:50 directory']],
    ['/shared/x', 'app', ['shared 2770 1:50 directory', 'shared/x 2755 1234:2345 directory']],
    ['/w', 'app:data', ['w 755 1234:3456 directory']],
    ['/w', '5', ['w 755 5:5 directory']],
    ['/w', '5:', ['w 755 5:0 directory']],
    ['/w', ':data', ['w 755 0:3456 directory']],
    ['/w', 'ghost', ['w 755 0:0 directory']],
  ])('%s as %j', (path, user, expected) => {
    expect(made(path, user).lines()).toEqual(expected);
  });

  test('is dated by the epoch', () => {
    expect(made('/a').entries[0]?.entry.mtimeSec).toBe(7);
  });

  test('on a file is refused', () => {
    expect(() => made('/file/sub')).toThrow(
      expect.objectContaining({ code: 'copy-conflict', message: expect.stringContaining('/file') }),
    );
  });
});

describe('bind mounts', () => {
  const { signal } = new AbortController();
  const tree = memoryTree({
    'src/': { mode: 0o750 },
    'src/a': { text: 'a', mode: 0o600 },
    'src/d/b': 'b',
    'src/l': { link: 'a' },
    f: 'f',
  });
  const bound = (source: string, of = tree) => {
    const { plan, mountSource } = planBind(of, source, { signal });
    const { digest } = bindContent(of, source, { signal });
    const layer = new MemoryLayer();
    writeCopy(plan, layer.asWriter());
    return { lines: layer.lines(), digest, mountSource };
  };

  test('a directory is the top of the layer, with its own mode', () => {
    expect(bound('/src')).toMatchObject({
      mountSource: '/',
      lines: [' 750 0:0 directory', 'a 600 0:0 "a"', 'd 755 0:0 directory', 'd/b 644 0:0 "b"', 'l 777 0:0 → a'],
    });
  });

  test('the top of a context is 0755 and root’s, whatever the directory is here', () => {
    const closed = memoryTree({ '/': { mode: 0o700, uid: 1000 }, 'd/f': 'f' });
    const open = memoryTree({ 'd/f': 'f' });
    for (const source of ['/', '.', 'd/..']) {
      expect(bound(source, closed).lines).toEqual(['d 755 0:0 directory', 'd/f 644 0:0 "f"']);
      expect(bound(source, closed).digest).toBe(bound('/', open).digest);
    }
  });

  test('a block device is one', () => {
    const layer = new MemoryLayer();
    writeCopy(planBind(memoryTree({ 'd/b': { type: 'block', devMajor: 7 } }), '/d', { signal }).plan, layer.asWriter());
    expect(layer.entries.map(({ entry }) => entry.type)).toEqual(['block']);
  });

  test('a file lies beside nothing', () => {
    expect(bound('f')).toMatchObject({ mountSource: '/file', lines: ['file 644 0:0 "f"'] });
  });

  test('the digest is of everything that shows', () => {
    const other = (mode: number) =>
      bound(
        '/src',
        memoryTree({
          'src/': { mode },
          'src/a': { text: 'a', mode: 0o600 },
          'src/d/b': 'b',
          'src/l': { link: 'a' },
          g: 'g',
        }),
      ).digest;
    expect(other(0o750)).toBe(bound('/src/').digest);
    expect(other(0o755)).not.toBe(bound('/src').digest);
  });

  test('what is not there is an error', () => {
    expect(() => bound('/sorc')).toThrow(
      expect.objectContaining({ code: 'mount-failed', hint: expect.stringContaining('did you mean "/src"') }),
    );
  });
});
