import {
  chmodSync,
  linkSync,
  lutimesSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Digest, digestOf, type StatKey } from '../../../cache/index.ts';
import type { TreeEntry } from '../../../src/image/toc/index.ts';
import { type ContextOptions, type ContextTree, openContext } from '../../../src/sources/context/index.ts';
import { makeMatcher, parseIgnoreLines } from '../../../src/util/match/index.ts';
import { joinRel, latin1Of, type RelPath } from '../../../src/util/rel-path.ts';
import { fakeStatIndex } from '../../rig/stat-index.ts';

let dir = '';
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'context-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

function write(files: { readonly [path: string]: string }): void {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(dir, path)), { recursive: true });
    writeFileSync(join(dir, path), text);
  }
}

const rel = (path: string) => path as RelPath;
const open = (ignore?: string, more: ContextOptions = {}) =>
  openContext(dir, {
    ...more,
    ...(ignore === undefined
      ? {}
      : { ignore: makeMatcher(parseIgnoreLines(ignore, '.dockerignore'), { entersByName: true }) }),
  });

function pathsOf(tree: ReturnType<typeof openContext>, at = ''): string[] {
  return tree.list(rel(at)).flatMap((name) => {
    const path = at === '' ? name : `${at}/${name}`;
    return [path, ...pathsOf(tree, path)];
  });
}

describe('attributes', () => {
  test('modes and times are the files own, owners are root', () => {
    write({ 'd/f': 'hello' });
    chmodSync(join(dir, 'd/f'), 0o4751);
    chmodSync(join(dir, 'd'), 0o1770);
    utimesSync(join(dir, 'd/f'), 1, 1.5);
    expect(open().lookup(rel('d/f'))).toMatchObject({
      type: 'file',
      mode: 0o4751,
      uid: 0,
      gid: 0,
      size: 5,
      mtimeSec: 1,
      mtimeNsec: 500_000_000,
    });
    expect(open().lookup(rel('d'))).toMatchObject({ type: 'directory', mode: 0o1770, size: 0 });
  });

  test('symlinks are themselves, dangling or not', () => {
    symlinkSync('/nowhere', join(dir, 'l'));
    lutimesSync(join(dir, 'l'), 5, 5);
    expect(open().lookup(rel('l'))).toMatchObject({
      type: 'symlink',
      mode: 0o777,
      link: '/nowhere',
      mtimeSec: 5,
      mtimeNsec: 0,
    });
  });

  test('nothing is seen through a link on the way', () => {
    write({ 'd/f': 'x' });
    symlinkSync('d', join(dir, 'l'));
    expect(open().lookup(rel('l/f'))).toBeUndefined();
    expect(open().lookup(rel('d/f/x'))).toBeUndefined();
  });

  test('names of one inode have one group, a file alone has none', () => {
    write({ a: 'x', c: 'y' });
    linkSync(join(dir, 'a'), join(dir, 'b'));
    const tree = open();
    expect(tree.lookup(rel('a'))?.linkGroup).toBeDefined();
    expect(tree.lookup(rel('a'))?.linkGroup).toBe(tree.lookup(rel('b'))?.linkGroup);
    expect(tree.lookup(rel('c'))).not.toHaveProperty('linkGroup');
  });

  test('names are bytes', () => {
    write({ 'ünï\n': 'x' });
    writeFileSync(Buffer.concat([Buffer.from(`${dir}/`), Buffer.from([0xff, 0x41])]), 'raw');
    const tree = open();
    expect(tree.list(rel(''))).toEqual([latin1Of('ünï\n'), '\xffA']);
    expect(tree.digest(tree.lookup(rel('\xffA')) as never)).toBe(digestOf('raw'));
  });

  test('of xattrs only the capability is asked for', () => {
    write({ f: 'x' });
    const asked: string[] = [];
    const tree = open(undefined, {
      getXattr(path, name) {
        asked.push(`${path.toString()} ${name}`);
        return Buffer.from('cap');
      },
    });
    expect([...(tree.lookup(rel('f'))?.xattrs ?? [])]).toEqual([['security.capability', Buffer.from('cap')]]);
    expect(asked).toEqual([`${dir}/f security.capability`]);
  });

  test('what the index remembers has no capability: nobody asks, and what has one is not remembered', () => {
    write({ f: 'x', capable: 'yy' });
    const asked: string[] = [];
    const puts: string[] = [];
    const openOnce = (remembered: boolean) =>
      open(undefined, {
        statIndex: fakeStatIndex({
          get: (state) => (remembered && sizeIn(state) === 1 ? digestOf('remembered') : undefined),
          put: (_stat, digest) => puts.push(digest),
        }),
        getXattr(path) {
          asked.push(basename(path.toString()));
          return path.toString().endsWith('capable') ? Buffer.from('cap') : undefined;
        },
      });
    const digests = (tree: ContextTree) =>
      ['f', 'capable'].map((name) => tree.digest(tree.lookup(rel(name)) as TreeEntry));
    expect(digests(openOnce(false))).toEqual([digestOf('x'), digestOf('yy')]);
    expect([asked, puts]).toEqual([['f', 'capable'], [digestOf('x')]]);
    asked.length = 0;
    expect(digests(openOnce(true))).toEqual([digestOf('remembered'), digestOf('yy')]);
    expect(asked).toEqual(['capable']);
  });

  test('a socket is an empty file', async () => {
    const server = createServer().listen(join(dir, 's'));
    await new Promise((resolve) => server.once('listening', resolve));
    chmodSync(join(dir, 's'), 0o640);
    utimesSync(join(dir, 's'), 1, 1.5);
    const statIndex = fakeStatIndex({});
    for (const tree of [open('', { statIndex }), open('', { statIndex })]) {
      expect(tree.list(rel(''))).toEqual(['s']);
      const entry = tree.lookup(rel('s')) as TreeEntry;
      expect(entry).toMatchObject({ type: 'file', mode: 0o640, size: 0, mtimeSec: 1, mtimeNsec: 500_000_000 });
      expect(tree.digest(entry)).toBe(digestOf(''));
      tree.read(entry, () => expect.unreachable('it holds nothing'));
    }
    await new Promise((resolve) => server.close(resolve));
  });
});

describe('the ignore file', () => {
  beforeEach(() =>
    write({
      'src/lib/x.c': 'x',
      'src/main.c': 'm',
      'build/out/bin': 'b',
      'build/keep.txt': 'k',
      'a.md': 'a',
      'b.md': 'b',
    }),
  );

  test('hides files, and directories with what is in them', () => {
    expect(pathsOf(open('*.md\nsrc\n'))).toEqual(['build', 'build/keep.txt', 'build/out', 'build/out/bin']);
  });

  test('what is taken back brings its directories along, and only those', () => {
    expect(pathsOf(open('**\n!src/lib/x.c\n'))).toEqual(['src', 'src/lib', 'src/lib/x.c']);
    expect(pathsOf(open('*\n!src\n!build/keep.txt\nsrc/lib\n!src/lib/x.c\n'))).toEqual([
      'build',
      'build/keep.txt',
      'src',
      'src/lib',
      'src/lib/x.c',
      'src/main.c',
    ]);
    expect(pathsOf(open('*\n!none\n'))).toEqual([]);
  });

  test('x/** leaves x, empty', () => {
    expect(pathsOf(open('build/**\n*.md\nsrc\n'))).toEqual(['build']);
  });

  test('an ignored directory is not entered', () => {
    chmodSync(join(dir, 'src'), 0);
    expect(pathsOf(open('src\n!build/keep.txt\n*.md\nbuild/out\n'))).toEqual(['build', 'build/keep.txt']);
    chmodSync(join(dir, 'src'), 0o755);
  });

  test('the rule that hides a path is told', () => {
    const tree = open('# c\nsrc\n');
    expect(tree.excludedBy(rel('src/main.c'))).toEqual({
      file: '.dockerignore',
      line: 2,
      negated: false,
      pattern: 'src',
    });
    expect(tree.excludedBy(rel('a.md'))).toBeUndefined();
    expect(tree.excludedBy(rel('none'))).toBeUndefined();
  });

  test('outputs of this build are left out without a rule', () => {
    const tree = open(undefined, { skip: (path) => path === 'build' || path === 'a.md' });
    expect(pathsOf(tree)).toEqual(['b.md', 'src', 'src/lib', 'src/lib/x.c', 'src/main.c']);
    expect(tree.lookup(rel('build/keep.txt'))).toBeUndefined();
  });
});

describe('content', () => {
  test('is read in chunks and hashed once', () => {
    const text = 'z'.repeat(700_001);
    write({ big: text, empty: '' });
    const puts: [number | undefined, Digest][] = [];
    const tree = open(undefined, {
      statIndex: fakeStatIndex({ put: (state, digest) => puts.push([sizeIn(state), digest]) }),
    });
    const big = tree.lookup(rel('big')) as never;
    expect(tree.digest(big)).toBe(digestOf(text));
    expect(tree.digest(big)).toBe(digestOf(text));
    expect(puts).toEqual([[700_001, digestOf(text)]]);
    let size = 0;
    tree.read(big, (chunk) => (size += chunk.length));
    expect(size).toBe(700_001);
    expect(tree.digest(tree.lookup(rel('empty')) as never)).toBe(digestOf(''));
  });

  test('what a digest was made of is there once more, whatever became of the file', () => {
    write({ small: 'as it was', large: 'l'.repeat(100_000), index: 'not read' });
    const statIndex = fakeStatIndex({ get: (state) => (sizeIn(state) === 8 ? digestOf('known') : undefined) });
    const tree = open(undefined, { statIndex });
    const [small, large, index] = ['small', 'large', 'index'].map((name) => tree.lookup(rel(name)) as TreeEntry);
    if (!small || !large || !index) throw new Error('a file is missing');
    expect(tree.take?.(small)).toBeUndefined();
    for (const entry of [small, large, index]) tree.digest(entry);
    write({ small: 'as it is.' });
    expect(Buffer.from(tree.take?.(small) ?? []).toString()).toBe('as it was');
    expect(tree.take?.(small)).toBeUndefined();
    expect(tree.take?.(large)).toBeUndefined();
    expect(tree.take?.(index)).toBeUndefined();
    tree.read(small, (chunk) => expect(Buffer.from(chunk).toString()).toBe('as it is.'));
  });

  test('of many files some are kept, each with its own bytes', () => {
    const files = Object.fromEntries(
      Array.from({ length: 700 }, (_, i) => [`f${i}`, `${i} `.repeat(15_000).slice(0, 60_000 + i)]),
    );
    write(files);
    const tree = open();
    const entries = Object.keys(files).map((name) => tree.lookup(rel(name)) as TreeEntry);
    for (const entry of entries) tree.digest(entry);
    const taken = entries
      .map((entry) => [entry.path, tree.take?.(entry)] as const)
      .filter(([, bytes]) => bytes !== undefined);
    expect(taken.length).toBeGreaterThan(400);
    expect(taken.length).toBeLessThan(600);
    for (const [path, bytes] of taken)
      expect(Buffer.from(bytes ?? []).equals(Buffer.from(files[path] ?? ''))).toBe(true);
  });

  test('a digest of the index spares the read', () => {
    write({ f: 'x' });
    const statIndex = fakeStatIndex({ get: () => digestOf('remembered'), put: () => expect.unreachable() });
    const tree = open(undefined, { statIndex });
    expect(tree.digest(tree.lookup(rel('f')) as never)).toBe(digestOf('remembered'));
  });

  test('a file that changed but for its size is read as it is, and not remembered', () => {
    write({ f: 'x' });
    const tree = open(undefined, { statIndex: fakeStatIndex({ put: () => expect.unreachable() }) });
    const entry = tree.lookup(rel('f'));
    write({ f: 'y' });
    utimesSync(join(dir, 'f'), 1, 1);
    expect(tree.digest(entry as never)).toBe(digestOf('y'));
  });

  test('a file whose size changed since it was looked at is an error that names it', () => {
    write({ 'd/f': 'x' });
    const tree = open();
    const entry = tree.lookup(rel('d/f'));
    write({ 'd/f': 'longer' });
    expect(() => tree.digest(entry as never)).toThrow(
      expect.objectContaining({ code: 'context-invalid', message: expect.stringContaining('d/f') }),
    );
  });
});

describe('numbers', () => {
  beforeEach(() => {
    write({ a: 'a', 'd/b': 'b', 'd/c': 'c', 'd/e/f': 'f', 'out/x': 'x', 'out/keep': 'k', 'x-': '' });
    linkSync(join(dir, 'd/b'), join(dir, 'd/other'));
    symlinkSync('d/b', join(dir, 'link'));
    for (const name of ['d/b', 'x-']) utimesSync(join(dir, name), 1, -1.25);
  });

  /** All that numbers tell, by path. */
  function numbered(tree: ContextTree): [RelPath, unknown][] {
    const files = tree.numbered;
    if (files === undefined) throw new Error('a context has no numbers');
    const below = (directory: number): [RelPath, unknown][] =>
      [...files.children(directory)].flatMap((number): [RelPath, unknown][] => {
        const path = files.path(number);
        const entry = files.entry(number, path);
        const digest = entry.type === 'file' ? files.digest(number) : undefined;
        expect(files.number(path)).toBe(number);
        expect(files.isDirectory(number)).toBe(entry.type === 'directory');
        expect(files.linkGroup(number)).toBe(entry.linkGroup);
        return [[path, { entry, digest }], ...(files.isDirectory(number) ? below(number) : [])];
      });
    return below(files.number(rel('')) ?? -1);
  }

  function named(tree: ContextTree, at = rel('')): [RelPath, unknown][] {
    return tree.list(at).flatMap((name): [RelPath, unknown][] => {
      const path = joinRel(at, name);
      const entry = tree.lookup(path) as TreeEntry;
      const digest = entry.type === 'file' ? tree.digest(entry) : undefined;
      return [[path, { entry, digest }], ...named(tree, path)];
    });
  }

  test.each(['', 'out', 'out\n!out/keep', 'd/*\nout/x'])('tell what paths tell, when %j is ignored', (ignore) => {
    const expected = named(open(ignore));
    expect(numbered(open(ignore))).toEqual(expected);
    const tree = open(ignore);
    // asked for before its directory is listed, and some that are not there
    for (const path of ['d/c', 'd/none', 'x', 'd/e/f']) tree.lookup(rel(path));
    expect(numbered(tree)).toEqual(expected);
    expect(named(tree)).toEqual(expected);
    expect(tree.lookup(rel('d/bb'))).toBeUndefined();
    expect(tree.numbered?.number(rel('out/none'))).toBeUndefined();
  });

  test('an index that knows the files says the same of them', () => {
    const states = new Map<string, Digest>();
    const learning = fakeStatIndex({ put: (state, digest) => states.set(state.slice(0, 11).join(), digest) });
    const expected = numbered(open(undefined, { statIndex: learning }));
    expect(states.size).toBe(7);
    const knowing = fakeStatIndex({
      get: (state) => states.get(state.slice(0, 11).join()),
      put: () => expect.unreachable(),
    });
    expect(numbered(open(undefined, { statIndex: knowing }))).toEqual(expected);
    expect(named(open(undefined, { statIndex: knowing }))).toEqual(expected);
  });

  test('thousands of names are found, with statx and without', () => {
    const files = Object.fromEntries(Array.from({ length: 600 }, (_, i) => [`many/f${i}`, `${i}`]));
    write(files);
    const tree = open();
    const all = numbered(tree).filter(([path]) => path.startsWith('many/'));
    expect(all.map(([path]) => path)).toEqual(Object.keys(files).sort());
    for (const path of Object.keys(files).reverse()) expect(tree.lookup(rel(path))?.path).toBe(path);
  });
});

function sizeIn(state: StatKey): number | undefined {
  return state[4];
}
