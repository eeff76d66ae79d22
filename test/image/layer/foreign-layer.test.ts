import { execFileSync } from 'node:child_process';
import { lstatSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import { ArchiveError, makeTarReader } from '../../../src/image/archive/index.ts';
import { makeTocBuilder } from '../../../src/image/layer/toc-builder.ts';
import { openToc, type StackTree, stackTree, type Toc, writeToc } from '../../../src/image/toc/index.ts';
import { latin1Of, relPath } from '../../../src/util/rel-path.ts';
import { tempDir } from '../../rig/layers.ts';
import { type RawMember, rawTar } from '../../rig/raw-tar.ts';

const dir = (name: string, more: RawMember = {}): RawMember => ({
  name: `${name}/`,
  typeflag: '5',
  mode: 0o755,
  ...more,
});
const file = (name: string, content = name, more: RawMember = {}): RawMember => ({ name, content, ...more });
const link = (name: string, target: string, more: RawMember = {}): RawMember => ({
  name,
  typeflag: '1',
  link: target,
  ...more,
});
const symlink = (name: string, target: string): RawMember => ({ name, typeflag: '2', link: target });

const temp = tempDir();
afterAll(() => temp[Symbol.dispose]());

function tocOf(tar: Buffer): { toc: Toc; warnings: readonly string[] } {
  using builder = makeTocBuilder(join(temp.path, 'entries'));
  const reader = makeTarReader(builder.handler);
  reader.write(tar);
  reader.end();
  const path = join(temp.path, 'toc');
  rmSync(path, { force: true });
  writeToc(path, builder.entries());
  return { toc: openToc(readFileSync(path)), warnings: builder.warnings };
}

/** What the layer shows alone: each path with its type, and for files the bytes. */
function shown(members: readonly RawMember[]): Record<string, string> {
  const tarPath = join(temp.path, 'tar');
  const tar = rawTar(members);
  writeFileSync(tarPath, tar);
  const tree = stackTree([{ toc: tocOf(tar).toc, tarPath }]);
  const all: Record<string, string> = {};
  for (const path of pathsOf(tree)) {
    const entry = tree.lookup(relPath(path));
    if (entry === undefined) continue;
    const content = entry.type === 'file' ? tree.readSmall(relPath(path), 1000)?.toString('latin1') : entry.link;
    all[path] = entry.type === 'directory' ? '/' : `${entry.type === 'file' ? '' : `${entry.type} `}${content}`;
  }
  tree.close();
  return all;
}

function pathsOf(tree: StackTree, top = ''): string[] {
  return tree.list(relPath(top)).flatMap((name) => {
    const path = top === '' ? name : `${top}/${name}`;
    return tree.lookup(relPath(path))?.type === 'directory' ? [path, ...pathsOf(tree, path)] : [path];
  });
}

function refusal(members: readonly RawMember[]): string {
  try {
    tocOf(rawTar(members));
  } catch (error) {
    if (error instanceof ArchiveError) return `${error.code}: ${error.message}`;
    throw error;
  }
  return 'taken';
}

test('a refusal names the entry as people write it', () => {
  const name = latin1Of('café');
  expect(refusal([dir(name), link('x', name)])).toContain('x is a hard link to the directory café');
  expect(refusal([file(name), file(`${name}/f`)])).toContain('an entry lies below café,');
  expect(refusal([file(`.wh.${name}/f`)])).toContain('.wh.café/f lies in a directory');
});

describe('a name that comes twice', () => {
  test('the last file counts', () => {
    expect(shown([file('f', 'old'), file('f', 'newer')])).toEqual({ f: 'newer' });
  });

  test('a file in a directory’s place takes all below it away', () => {
    expect(shown([dir('d'), dir('d/e'), file('d/e/f'), file('d', 'file')])).toEqual({ d: 'file' });
    expect(shown([file('d/e/f'), symlink('d', 'x')])).toEqual({ d: 'symlink x' });
  });

  test('a directory in a file’s place', () => {
    expect(shown([file('d'), dir('d'), file('d/f')])).toEqual({ d: '/', 'd/f': 'd/f' });
    expect(shown([file('d/f'), file('d'), dir('d')])).toEqual({ d: '/' });
  });

  test('a directory over a directory keeps the contents and takes the attributes', () => {
    const { toc } = tocOf(rawTar([dir('d', { mode: 0o700 }), file('d/f'), dir('d', { mode: 0o711, uid: 7 })]));
    expect(toc.lookup('d')).toMatchObject({ mode: 0o711, uid: 7 });
    expect(toc.lookup('d/f')).toBeDefined();
  });

  test('a symlink has the mode that Linux gives it', () => {
    const { toc } = tocOf(rawTar([{ name: 's', typeflag: '2', link: 'x', mode: 0o755 }]));
    expect(toc.lookup('s')).toMatchObject({ type: 'symlink', mode: 0o777 });
  });

  test('the top is passed over, whatever it is said to be', () => {
    const { toc } = tocOf(rawTar([file('./', 'content'), { name: './', typeflag: '5', mode: 0o700 }]));
    expect(toc.size).toBe(0);
    expect(tocOf(rawTar([file('/', 'content')])).toc.size).toBe(0);
  });
});

describe('below something that is no directory', () => {
  test.each([
    ['a file', file('x')],
    ['a device', { name: 'x', typeflag: '3', devMajor: 1 }],
    ['a link to a file', link('x', 'f')],
  ])('%s: refused', (_name, member) => {
    expect(refusal([file('f'), member, file('x/y')])).toMatch(/^unsafe-name: .*no directory/);
    expect(refusal([file('f'), member, file('x/y/z')])).toMatch(/^unsafe-name/);
  });

  test('a link into a lower layer: refused too, what it leads to is no directory', () => {
    expect(refusal([link('x', 'below'), file('x/y')])).toMatch(/^unsafe-name/);
  });

  test('a symlink: it is followed inside the layer, as engines do', () => {
    expect(shown([dir('usr'), dir('usr/lib'), symlink('lib', 'usr/lib'), file('lib/so')])).toEqual({
      lib: 'symlink usr/lib',
      usr: '/',
      'usr/lib': '/',
      'usr/lib/so': 'lib/so',
    });
    expect(shown([symlink('l', '/a/../../b/./'), file('l/f')])).toMatchObject({ b: '/', 'b/f': 'l/f' });
    expect(shown([symlink('d/l', '..'), file('d/l/f')])).toMatchObject({ f: 'd/l/f' });
    expect(shown([symlink('one', 'two'), symlink('two', 'three'), file('one/f')])).toMatchObject({
      'three/f': 'one/f',
    });
  });

  test('a symlink at the end is replaced, not followed', () => {
    expect(shown([file('t'), symlink('l', 't'), file('l', 'new')])).toEqual({ l: 'new', t: 't' });
    expect(shown([dir('t'), symlink('l', 't'), dir('l'), file('l/f')])).toEqual({ l: '/', 'l/f': 'l/f', t: '/' });
  });

  test('loops and links that make endless paths', () => {
    expect(refusal([symlink('a', 'b'), symlink('b', 'a'), file('a/f')])).toMatch(
      /^unsafe-name: too many symbolic links/,
    );
    const deep = 'd/'.repeat(1500);
    expect(
      refusal([
        { typeflag: '2', pax: { path: 'a', linkpath: deep } },
        { typeflag: '2', pax: { path: `a/${deep}b`, linkpath: deep } },
        { typeflag: '2', pax: { path: `a/${deep}b/${'d/'.repeat(400)}c`, linkpath: deep } },
        { pax: { path: `a/${deep}b/${'d/'.repeat(400)}c/f` } },
      ]),
    ).toMatch(/^unsafe-name: links lead to a path that is too long/);
  });
});

describe('hard links', () => {
  test('to a file, to a link, and of links: one file', () => {
    const { toc } = tocOf(rawTar([file('m'), link('b', 'm'), link('z', 'b'), link('./a', '/z')]));
    for (const path of ['a', 'b', 'z'])
      expect(toc.lookup(path)).toMatchObject({ type: 'hardlink', link: 'm', linkGroup: 'm' });
    expect(toc.lookup('m')).toMatchObject({ type: 'file', linkGroup: 'm' });
  });

  test('a file that is written anew leaves its other names as they were', () => {
    const members = [file('a', 'old'), link('b', 'a'), link('c', 'a'), file('a', 'new')];
    expect(shown(members)).toEqual({ a: 'new', b: 'old', c: 'old' });
    const { toc } = tocOf(rawTar(members));
    expect(toc.lookup('a')?.linkGroup).toBeUndefined();
    expect(toc.lookup('b')).toMatchObject({ type: 'file', linkGroup: 'b' });
    expect(toc.lookup('c')).toMatchObject({ type: 'hardlink', link: 'b' });
  });

  test('a link over a file, and one to itself', () => {
    expect(shown([file('a'), file('b'), link('b', 'a')])).toEqual({ a: 'a', b: 'a' });
    expect(shown([file('a'), link('a', 'a')])).toEqual({ a: 'a' });
    expect(tocOf(rawTar([file('a'), link('a', 'a')])).toc.lookup('a')?.type).toBe('file');
  });

  test('the link’s header speaks of the file', () => {
    const more = { mode: 0o4755, uid: 3, gid: 4, mtime: 5, pax: { 'SCHILY.xattr.user.b': '1' } };
    const members = [file('a', 'x', { pax: { 'SCHILY.xattr.user.a': '1' } }), link('b', 'a', more)];
    const { toc } = tocOf(rawTar(members));
    for (const path of ['a', 'b']) {
      expect(toc.lookup(path)).toMatchObject({ mode: 0o4755, uid: 3, gid: 4, mtimeSec: 5 });
      expect([...(toc.lookup(path)?.xattrs.keys() ?? [])]).toEqual(['user.a', 'user.b']);
    }
  });

  test('to a symlink, through symlinks, to a directory', () => {
    expect(shown([symlink('s', 't'), link('h', 's')])).toEqual({ h: 'symlink t', s: 'symlink t' });
    expect(shown([dir('d'), file('d/f'), symlink('s', 'd'), link('h', 's/f')])).toMatchObject({ h: 'd/f' });
    expect(refusal([dir('d'), link('h', 'd')])).toMatch(/^unsupported/);
  });

  test('before its target', () => {
    expect(shown([link('a', 'b'), link('b', 'c'), file('c')])).toEqual({ a: 'c', b: 'c', c: 'c' });
    expect(shown([link('a', 'b'), link('b', 'a')])).toEqual({});
  });

  test('into a lower layer, and links to that', () => {
    const { toc } = tocOf(rawTar([link('a', 'below'), link('b', 'a')]));
    for (const path of ['a', 'b'])
      expect(toc.lookup(path)).toMatchObject({ type: 'hardlink', link: 'below', linkGroup: 'below' });
  });

  test('to a file whose only name goes away', () => {
    expect(shown([dir('d'), file('d/f', 'kept'), link('h', 'd/f'), file('d', 'file')])).toEqual({
      d: 'file',
      h: 'kept',
    });
  });
});

describe('removals', () => {
  test('what the layer itself has under the name stays, whichever came first', () => {
    for (const members of [
      [file('.wh.d', ''), dir('d'), file('d/f')],
      [dir('d'), file('d/f'), file('.wh.d', '')],
    ])
      expect(tocOf(rawTar(members)).toc.lookup('d')).toMatchObject({ type: 'directory', opaque: true });
    expect(tocOf(rawTar([file('.wh.f', ''), file('f')])).toc.lookup('f')).toMatchObject({ type: 'file', size: 1 });
    expect(tocOf(rawTar([file('d/f'), file('.wh.d', '')])).toc.lookup('d')).toMatchObject({
      mode: 0o755,
      opaque: true,
    });
  });

  test('through a symlink of the layer', () => {
    expect(tocOf(rawTar([symlink('l', 'd'), file('l/.wh.x', '')])).toc.lookup('d/x')?.whiteout).toBe(true);
  });

  test('a 0:0 device takes away what the layer had there', () => {
    const { toc } = tocOf(rawTar([dir('d'), file('d/f'), { name: 'd', typeflag: '3' }]));
    expect([...toc.entries()].map(({ path, whiteout }) => [path, whiteout])).toEqual([['d', true]]);
  });

  test('opaque: the top, a directory, one that only the marker names', () => {
    const { toc } = tocOf(
      rawTar([file('.wh..wh..opq', ''), dir('a'), file('a/.wh..wh..opq', ''), file('b/.wh..wh..opq', '')]),
    );
    for (const path of ['', 'a', 'b']) expect(toc.lookup(path)).toMatchObject({ type: 'directory', opaque: true });
  });

  test.each(['.wh.', '.wh..', '.wh...', 'd/.wh.', 'd/.wh...'])('%s names nothing', (name) => {
    expect(refusal([file(name, '')])).toMatch(name.endsWith('.wh..wh.') ? /taken/ : /^unsafe-name/);
  });

  test('nothing lies in a removal', () => {
    expect(refusal([file('.wh.d/f')])).toMatch(/^reserved-name/);
    expect(refusal([file('a/.wh.d/f')])).toMatch(/^reserved-name/);
  });

  test('aufs’s own files are passed over, links to them are not', () => {
    const aufs = [
      dir('.wh..wh.plnk'),
      file('.wh..wh.plnk/12.34', 'data'),
      file('.wh..wh.aufs', ''),
      dir('.wh..wh.orph'),
    ];
    expect(shown([...aufs, link('a', '.wh..wh.plnk/12.34'), link('b', '.wh..wh.plnk/12.34')])).toEqual({
      a: 'data',
      b: 'data',
    });
    expect(shown(aufs)).toEqual({});
  });
});

test('links that each add attributes to one file have an end', () => {
  const value = 'x'.repeat(60_000);
  const links = Array.from({ length: 80 }, (_, index) =>
    link(`l${index}`, 'f', { pax: { [`SCHILY.xattr.user.${index}`]: value } }),
  );
  expect(refusal([file('f'), ...links])).toBe('too-many: the attributes of a file take more than 4 MiB');
});

test('warnings end at a hundred', () => {
  const members = Array.from({ length: 150 }, (_, index) =>
    file(`f${index}`, '', { pax: { 'SCHILY.xattr.trusted.x': '1' } }),
  );
  const { toc, warnings } = tocOf(rawTar(members));
  expect(warnings).toHaveLength(100);
  expect(toc.lookup('f149')?.xattrs.size).toBe(0);
});

describe('as GNU tar unpacks it', () => {
  test('files that come twice, links between, links of links', () => {
    using temp = tempDir();
    const members = [
      dir('d'),
      file('d/a', 'one'),
      link('d/b', 'd/a'),
      file('d/a', 'two'),
      link('d/c', 'd/a'),
      link('d/e', 'd/b'),
      file('x', 'gone'),
      symlink('x', 'd/a'),
      link('y', 'x'),
    ];
    const out = join(temp.path, 'out');
    mkdirSync(out);
    execFileSync('tar', ['-xf', '-', '-C', out], { input: rawTar(members) });
    const unpacked = Object.fromEntries(
      ['d/a', 'd/b', 'd/c', 'd/e', 'x', 'y'].map((path) => {
        const isLink = lstatSync(join(out, path)).isSymbolicLink();
        return [path, isLink ? 'symlink d/a' : readFileSync(join(out, path), 'latin1')];
      }),
    );
    expect(shown(members)).toEqual({ d: '/', ...unpacked });
  });
});

describe('any sequence', () => {
  const name = fc.constantFrom('a', 'b', 'c');
  const path = fc.array(name, { minLength: 1, maxLength: 3 }).map((parts) => parts.join('/'));
  const member = fc.oneof(
    path.map((one) => dir(one)),
    fc.tuple(path, fc.integer({ min: 0, max: 999 })).map(([one, content]) => file(one, String(content))),
    fc.tuple(path, path).map(([one, target]) => link(one, target)),
    fc
      .tuple(
        path,
        fc.oneof(
          path,
          path.map((one) => `/${one}`),
          fc.constantFrom('..', '.', '../..', 'a/../b'),
        ),
      )
      .map(([one, target]) => symlink(one, target)),
  );

  test('is what applying the entries one by one gives', () => {
    fc.assert(
      fc.property(fc.array(member, { maxLength: 12 }), (members) => {
        const { kept, files, isRefused } = applied(members);
        if (isRefused) expect(refusal(kept)).not.toBe('taken');
        else expect(shown(kept)).toEqual(files);
      }),
      { numRuns: 1500 },
    );
  }, 60_000);
});

interface Inode {
  readonly type: string;
  readonly text: string;
}

/** A naive engine: a map of paths. It passes over links to what is not there, which are a lower layer's, and ends at a failure. */
function applied(members: readonly RawMember[]) {
  const inodes = new Map<string, Inode>();
  const kept: RawMember[] = [];
  let isRefused = false;
  for (const one of members) {
    try {
      if (applyOne(inodes, one)) kept.push(one);
    } catch {
      kept.push(one);
      isRefused = true;
      break;
    }
  }
  return { kept, isRefused, files: Object.fromEntries([...inodes].map(([path, { text }]) => [path, text])) };
}

function applyOne(files: Map<string, Inode>, { name = '', typeflag, content, link: target = '' }: RawMember): boolean {
  const parts = name.replace(/\/$/, '').split('/');
  const base = parts.pop() ?? '';
  const inode = typeflag === '1' ? find(files, target) : undefined;
  if (typeflag === '1' && inode === undefined) return false;
  if (inode?.type === 'directory') throw new Error('a link to a directory');
  const parent = follow(files, parts, true);
  if (parent === undefined) throw new Error('no parent');
  const path = parent === '' ? base : `${parent}/${base}`;
  const made: Inode = inode ?? {
    type: typeflag === '5' ? 'directory' : typeflag === '2' ? 'symlink' : 'file',
    text: typeflag === '5' ? '/' : typeflag === '2' ? `symlink ${target}` : String(content),
  };
  const there = files.get(path);
  if (made.type === 'directory' && there?.type === 'directory') return true;
  if (inode !== undefined && there === inode) return true;
  for (const other of [...files.keys()]) if (other.startsWith(`${path}/`)) files.delete(other);
  files.set(path, made);
  return true;
}

function find(files: Map<string, Inode>, target: string): Inode | undefined {
  const parts = target.split('/');
  const base = parts.pop() ?? '';
  const parent = follow(files, parts, false);
  return parent === undefined ? undefined : files.get(parent === '' ? base : `${parent}/${base}`);
}

function follow(files: Map<string, Inode>, parts: readonly string[], isMade: boolean): string | undefined {
  let at = '';
  let hops = 0;
  const rest = [...parts];
  for (let part = rest.shift(); part !== undefined; part = rest.shift()) {
    if (part === '' || part === '.') continue;
    if (part === '..') {
      at = at.split('/').slice(0, -1).join('/');
      continue;
    }
    const next = at === '' ? part : `${at}/${part}`;
    const there = files.get(next);
    if (there?.type === 'symlink') {
      hops += 1;
      if (hops > 40) throw new Error('a loop');
      const to = there.text.slice('symlink '.length);
      if (to.startsWith('/')) at = '';
      rest.unshift(...to.split('/'));
      continue;
    }
    if (there !== undefined && there.type !== 'directory') {
      if (isMade) throw new Error('no directory');
      return undefined;
    }
    if (there === undefined && !isMade) return undefined;
    at = next;
  }
  const made = at.split('/').map((_, index, all) => all.slice(0, index + 1).join('/'));
  for (const path of made) if (path !== '' && !files.has(path)) files.set(path, { type: 'directory', text: '/' });
  return at;
}
